import { z } from 'zod';
import type { EventType } from '../../domain/events/event.ts';
import type { WebhookEndpoint } from '../../domain/events/webhook-endpoint.ts';
import type { WebhookAttempt, WebhookDelivery } from '../webhook-store.ts';
import { id, instant, toTimestamp } from './columns.ts';

const endpointRow = z.object({
  merchant_id: id('mer'),
  id: id('whe'),
  url: z.string(),
  types: z.array(z.custom<EventType>((value) => typeof value === 'string')),
  description: z.string(),
  state: z.enum(['enabled', 'disabled']),
  because: z.enum(['by_request', 'gone', 'failing']).nullable(),
  secret_number: z.number(),
  old_secret_until: instant.nullable(),
  created_at: instant,
});

export function fromEndpointRow(row: unknown): WebhookEndpoint {
  const read = endpointRow.parse(row);
  return {
    id: read.id,
    merchantId: read.merchant_id,
    url: read.url,
    types: read.types,
    description: read.description,
    secretNumber: read.secret_number,
    oldSecretUntil: read.old_secret_until,
    createdAt: read.created_at,
    ...(read.because === null ? { state: 'enabled' } : { state: 'disabled', because: read.because }),
  };
}

const deliveryRow = z.object({
  event_id: id('evt'),
  event_at: instant,
  state: z.enum(['open', 'delivered', 'given_up']),
  tries: z.number(),
  try_at: instant.nullable(),
  attempts: z.array(
    z.object({ at: instant, status: z.number().nullable(), duration_ms: z.number(), outcome: z.string() }),
  ),
});

export function toAttemptRow({ at, status, durationMs, outcome }: WebhookAttempt) {
  return { at: toTimestamp(at), status, duration_ms: durationMs, outcome };
}

export function fromDeliveryRow(row: unknown): WebhookDelivery {
  const read = deliveryRow.parse(row);
  return {
    eventId: read.event_id,
    eventAt: read.event_at,
    state: read.state,
    tries: read.tries,
    tryAt: read.try_at,
    attempts: read.attempts.map(({ at, status, duration_ms, outcome }) => ({
      at,
      status,
      durationMs: duration_ms,
      outcome,
    })),
  };
}
