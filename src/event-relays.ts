import { randomBytes } from 'node:crypto';
import { folderArchive } from './events/archive/write-archive.ts';
import type { EventSettings } from './events/settings.ts';
import type { Sink } from './events/sink.ts';
import { webhooksSink } from './events/webhooks/webhooks.ts';
import type { Deps } from './flows/deps.ts';
import { relayEvents } from './flows/relay-events.ts';
import { idFrom } from './kernel/ids.ts';
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
  deps: Deps,
  log: Log,
  metrics: Metrics,
): Promise<{ readonly stop: () => Promise<void> }> {
  if (!settings.relay) return { stop: () => Promise.resolve() };
  const monotonic = (): number => performance.now();
  const holder = idFrom('rel', deps.clock(), randomBytes(10));
  const sinks = await sinksOf(settings, deps);
  const workers = [
    ...sinks.map((sink) =>
      startRelay(
        sink.name,
        relayEvents(deps, sink, { holder, leaseMs, triesMax, monotonic }),
        log,
        monotonic,
      ),
    ),
    startWebhookRelay({ ...deps, random: Math.random }, log),
    startEventKeeping(deps, archivingOf(settings), log, metrics),
  ];
  return {
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      await Promise.all(sinks.map((sink) => sink.close()));
    },
  };
}

function archivingOf({ archive }: EventSettings): Archiving | null {
  return archive === null ? null : { archive: folderArchive(archive.dir), liveMonths: archive.liveMonths };
}

/** The clients of the buses are large: a process loads those it uses, which spares it 40 MB. */
async function sinksOf({ kafka, redisStreams, snsSqs }: EventSettings, { store }: Deps): Promise<Sink[]> {
  const sinks: Sink[] = [webhooksSink((events) => store.webhooks.enqueue(events))];
  if (kafka !== null) sinks.push((await import('./events/kafka/kafka.ts')).kafkaSink(kafka));
  if (redisStreams !== null) {
    sinks.push((await import('./events/redis-streams/redis-streams.ts')).redisStreamsSink(redisStreams));
  }
  if (snsSqs.length > 0) {
    const { snsSqsSink } = await import('./events/sns-sqs/sns-sqs.ts');
    sinks.push(...snsSqs.map(snsSqsSink));
  }
  return sinks;
}
