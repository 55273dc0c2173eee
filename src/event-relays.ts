import { randomBytes } from 'node:crypto';
import type { EventSettings } from './events/settings.ts';
import { kafkaSink } from './events/kafka/kafka.ts';
import { redisStreamsSink } from './events/redis-streams/redis-streams.ts';
import type { Sink } from './events/sink.ts';
import { snsSqsSink } from './events/sns-sqs/sns-sqs.ts';
import { webhooksSink } from './events/webhooks/webhooks.ts';
import type { Deps } from './flows/deps.ts';
import { relayEvents } from './flows/relay-events.ts';
import { idFrom } from './kernel/ids.ts';
import type { Log } from './observe/log.ts';
import type { Metrics } from './observe/metrics.ts';
import { startEventKeeping } from './workers/keep-events.ts';
import { startRelay } from './workers/relay-events.ts';
import { startWebhookRelay } from './workers/relay-webhooks.ts';

/** A relay that died is replaced within this time; the promise is 30 s. */
const leaseMs = 15_000;

/** A refusal may be the other side's passing mistake; five of them, seconds apart, are not. */
const triesMax = 5;

/** Starts a relay for each sink that is set, the webhooks' second step, and the housekeeping of the outbox. */
export function startEventRelays(
  settings: EventSettings,
  deps: Deps,
  log: Log,
  metrics: Metrics,
): { readonly stop: () => Promise<void> } {
  if (!settings.relay) return { stop: () => Promise.resolve() };
  const monotonic = (): number => performance.now();
  const holder = idFrom('rel', deps.clock(), randomBytes(10));
  const sinks = sinksOf(settings, deps);
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
    startEventKeeping(deps, log, metrics),
  ];
  return {
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      await Promise.all(sinks.map((sink) => sink.close()));
    },
  };
}

function sinksOf({ kafka, redisStreams, snsSqs }: EventSettings, { store }: Deps): Sink[] {
  return [
    webhooksSink((events) => store.webhooks.enqueue(events)),
    ...(kafka === null ? [] : [kafkaSink(kafka)]),
    ...(redisStreams === null ? [] : [redisStreamsSink(redisStreams)]),
    ...snsSqs.map(snsSqsSink),
  ];
}
