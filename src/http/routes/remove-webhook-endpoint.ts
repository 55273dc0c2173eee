import { z } from 'zod';
import { refuse } from '../../domain/refusal.ts';
import { endpointParams } from '../codec/webhook-endpoint.ts';
import { route } from '../route.ts';

export const removeWebhookEndpoint = route({
  operationId: 'removeWebhookEndpoint',
  method: 'delete',
  path: '/v1/webhook-endpoints/{endpoint_id}',
  tag: 'Webhook endpoints',
  summary: 'Remove an endpoint',
  description: 'With everything that was still to be delivered to it.',
  scope: 'events',
  params: endpointParams,
  reply: {
    status: 200,
    schema: z
      .strictObject({ id: z.string(), removed: z.literal(true) })
      .meta({ id: 'WebhookEndpointRemoved' }),
    description: 'It is gone.',
  },
  handle: async ({ deps, caller, params: { endpoint_id: id } }) =>
    (await deps.store.webhooks.remove(caller.merchantId, id))
      ? { document: { id, removed: true } }
      : refuse('not_found', 'There is no such endpoint.'),
});
