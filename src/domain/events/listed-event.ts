import type { Event } from './event.ts';

/** A place in the stream of events. */
export type EventCursor = { readonly xact: string; readonly position: string };

export type ListedEvent = { readonly event: Event; readonly cursor: EventCursor };
