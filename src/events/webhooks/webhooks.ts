import type { Event } from '../../domain/events/event.ts';
import type { Sink } from '../sink.ts';

/**
 * Webhooks are relayed in two steps. This sink only writes one delivery for each endpoint that wants the event, by the
 * function given; the worker then brings each to its endpoint in its own time, so that no endpoint waits for another.
 */
export function webhooksSink(enqueue: (events: readonly Event[]) => Promise<void>): Sink {
  return {
    name: 'webhooks',
    batchMax: 500,
    publish: (batch) => enqueue(batch.map(({ event }) => event)),
    close: () => Promise.resolve(),
  };
}
