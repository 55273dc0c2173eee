import { z } from 'zod';
import { toWireData } from '../../domain/events/envelope.ts';
import type { Event } from '../../domain/events/event.ts';
import type { EventCursor } from '../../domain/events/listed-event.ts';
import { shownAt, shownTime } from '../codec/parts.ts';
import { route } from '../route.ts';

const cursor = z.string().refine(isCursor).meta({ description: 'The `next` of an earlier page.' });

const eventShown = z
  .strictObject({
    id: z.string(),
    type: z.string(),
    at: shownTime,
    aggregate: z.strictObject({
      type: z.enum(['order', 'assessment', 'webhook_endpoint', 'attack', 'policy']),
      id: z.string(),
    }),
    sequence: z.int().meta({ description: '1, 2, 3 … within the aggregate, without gaps.' }),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'Event' });

export const listEvents = route({
  operationId: 'listEvents',
  method: 'get',
  path: '/v1/events',
  tag: 'Events',
  summary: 'Read events',
  description:
    'Events in the order they were committed, from a cursor on. Ask again with `next`: it stays where it is until ' +
    'there is more, and no event is ever skipped. Dedupe on `id`.',
  scope: 'events',
  query: z.strictObject({
    after: cursor.optional(),
    limit: z
      .string()
      .regex(/^[1-9]\d{0,2}$/)
      .optional()
      .meta({ description: '1 to 999; 100 when absent.' }),
  }),
  reply: {
    status: 200,
    schema: z
      .strictObject({ events: z.array(eventShown), next: z.string().nullable() })
      .meta({ id: 'EventPage' }),
    description: 'A page of events.',
  },
  handle: async ({ deps, caller, query }) => {
    const after = query.after === undefined ? null : toCursor(query.after);
    const found = await deps.store.events.list(caller.merchantId, after, Number(query.limit ?? 100));
    const last = found.at(-1)?.cursor ?? after;
    return {
      document: {
        events: found.map(({ event }) => toWireEvent(event)),
        next: last === null ? null : cursorText(last),
      },
    };
  },
});

/** `xact-position`, the way `next` and the ids of the stream are written. */
export function cursorText({ xact, position }: EventCursor): string {
  return `${xact}-${position}`;
}

export function isCursor(text: string): boolean {
  return /^\d{1,19}-\d{1,18}$/.test(text);
}

export function toCursor(text: string): EventCursor {
  const [xact = '0', position = '0'] = text.split('-');
  return { xact, position };
}

export function toWireEvent({ id, type, at, aggregate, sequence, data }: Event) {
  return { id, type, at: shownAt(at), aggregate, sequence, data: toWireData(data) };
}
