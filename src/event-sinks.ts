import type { Event } from './domain/events/event.ts';
import type { EventSettings } from './events/settings.ts';
import type { Sink } from './events/sink.ts';
import { webhooksSink } from './events/webhooks/webhooks.ts';

/** Webhooks, and the sinks that are set. The clients of the buses are large: a process loads those it uses, which spares 40 MB. */
export async function eventSinks(
  { kafka, redisStreams, snsSqs }: EventSettings,
  enqueue: (events: readonly Event[]) => Promise<void>,
): Promise<Sink[]> {
  const sinks: Sink[] = [webhooksSink(enqueue)];
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
