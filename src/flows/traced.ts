import type { Event } from '../domain/events/event.ts';
import type { Deps } from './deps.ts';

/** Whoever consumes the event goes on with the trace of the request that caused it. */
export function traced({ traceparent }: Pick<Deps, 'traceparent'>, event: Event): Event {
  return traceparent === undefined ? event : { ...event, traceparent };
}
