import { z } from 'zod';
import { eventTypes } from '../../domain/events/event-types.ts';
import type { WebhookEndpoint } from '../../domain/events/webhook-endpoint.ts';
import type { Deps } from '../../flows/deps.ts';
import { idOf, shownAt, shownTime } from './parts.ts';

type WebhookDelivery = Awaited<ReturnType<Deps['store']['webhooks']['deliveries']>>[number];

export const endpointParams = z.strictObject({ endpoint_id: idOf('whe', 'The endpoint.') });

const url = z.string().max(2_000).meta({ description: 'https, port 443 or 8443, a public host.' });
const types = z
  .array(z.enum(eventTypes))
  .max(eventTypes.length)
  .meta({ description: 'The types that are sent here; empty means all.' });
const description = z.string().max(500);

export const endpointBody = z
  .strictObject({ url, types: types.default([]), description: description.default('') })
  .meta({ id: 'CreateWebhookEndpoint' });

export const endpointChange = z
  .strictObject({
    url: url.optional(),
    types: types.optional(),
    description: description.optional(),
    status: z.enum(['enabled', 'disabled']).optional(),
  })
  .meta({ id: 'ChangeWebhookEndpoint' });

const endpoint = {
  id: z.string(),
  object: z.literal('webhook_endpoint'),
  url: z.string(),
  types: z.array(z.string()),
  description: z.string(),
  status: z.enum(['enabled', 'disabled']),
  because: z.string().nullable().meta({ description: 'Why it is disabled: by_request, gone or failing.' }),
  created_at: shownTime,
};
export const endpointShown = z.strictObject(endpoint).meta({ id: 'WebhookEndpoint' });

export const endpointShownWithSecret = z
  .strictObject({
    ...endpoint,
    secret: z.string().meta({ description: '`whsec_…`, for verifying signatures. Shown this once.' }),
  })
  .meta({ id: 'WebhookEndpointWithSecret' });

export function toWireEndpoint(shown: WebhookEndpoint): z.input<typeof endpointShown> {
  return {
    id: shown.id,
    object: 'webhook_endpoint',
    url: shown.url,
    types: [...shown.types],
    description: shown.description,
    status: shown.state,
    because: shown.state === 'disabled' ? shown.because : null,
    created_at: shownAt(shown.createdAt),
  };
}

export const deliveryShown = z
  .strictObject({
    event: z.string(),
    status: z.enum(['open', 'delivered', 'given_up']),
    tries: z.int(),
    next_try_at: shownTime.nullable(),
    attempts: z.array(
      z.strictObject({
        at: shownTime,
        status: z.int().nullable().meta({ description: 'Of the HTTP answer; null without one.' }),
        duration_ms: z.int(),
        outcome: z.string(),
      }),
    ),
  })
  .meta({ id: 'WebhookDelivery' });

export function toWireDelivery(shown: WebhookDelivery): z.input<typeof deliveryShown> {
  return {
    event: shown.eventId,
    status: shown.state,
    tries: shown.tries,
    next_try_at: shown.tryAt === null ? null : shownAt(shown.tryAt),
    attempts: shown.attempts.map(({ at, status, durationMs, outcome }) => ({
      at: shownAt(at),
      status,
      duration_ms: durationMs,
      outcome,
    })),
  };
}
