import type { Event } from '../domain/events/event.ts';
import type { Deps } from './deps.ts';

/**
 * Whoever consumes the event goes on with the trace in which it was made. What a webhook or a worker concludes is linked to
 * the request that began it and is not part of its trace, which ended with the reply: so OpenTelemetry's conventions for
 * messaging have it.
 */
export function traced({ trace }: Pick<Deps, 'trace'>, event: Event, lastRequest: string | null): Event {
  if (trace === undefined) return event;
  const { of, traceparent } = trace;
  return {
    ...event,
    traceparent,
    ...(of === 'request' || lastRequest === null ? {} : { tracelink: lastRequest }),
  };
}
