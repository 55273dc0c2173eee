import { folderArchive } from './events/archive/write-archive.ts';
import type { EventSettings } from './events/settings.ts';
import { eventSinks } from './event-sinks.ts';
import type { Deps } from './flows/deps.ts';
import { relayEvents } from './flows/relay-events.ts';
import type { Log } from './observe/log.ts';
import type { Metrics } from './observe/metrics.ts';
import { type Archiving, startEventKeeping } from './workers/keep-events.ts';
import { startRelay } from './workers/relay-events.ts';
import { startWebhookRelay } from './workers/relay-webhooks.ts';

/** A relay that died is replaced within this time; the promise is 30 s. */
const leaseMs = 15_000;

/** A refusal may be the other side's passing mistake; five of them, seconds apart, are not. */
const triesMax = 5;

/** Starts a relay for each sink that is set, the webhooks' second step, and the housekeeping of the outbox. */
export async function startEventRelays(
  settings: EventSettings,
  deps: Pick<Deps, 'store' | 'clock' | 'newId' | 'calls' | 'failpoint'>,
  log: Log,
  metrics: Metrics,
): Promise<{ readonly stop: () => Promise<void> }> {
  if (!settings.relay) return { stop: () => Promise.resolve() };
  const monotonic = (): number => performance.now();
  const holder = deps.newId('rel');
  const webhooks = startWebhookRelay({ ...deps, random: Math.random }, log);
  const sinks = await eventSinks(settings, webhooks.enqueue);
  const relays = sinks.map((sink) => {
    const relay = relayEvents(deps, sink, { holder, leaseMs, triesMax, monotonic });
    return startRelay(sink.name, relay, log, monotonic);
  });
  const keeping = startEventKeeping(deps, archivingOf(settings), log, metrics);
  return {
    stop: async () => {
      await Promise.all([...relays, keeping].map((worker) => worker.stop()));
      // Last, because a relay's last batch may have begun more calls.
      await webhooks.stop();
      await Promise.all(sinks.map((sink) => sink.close()));
    },
  };
}

function archivingOf({ archive }: EventSettings): Archiving | null {
  return archive === null ? null : { archive: folderArchive(archive.dir), liveMonths: archive.liveMonths };
}
