import { refuse } from '../../domain/refusal.ts';
import { endpointParams, endpointShown, toWireEndpoint } from '../codec/webhook-endpoint.ts';
import { route } from '../route.ts';

export const getWebhookEndpoint = route({
  operationId: 'getWebhookEndpoint',
  method: 'get',
  path: '/v1/webhook-endpoints/{endpoint_id}',
  tag: 'Webhook endpoints',
  summary: 'Read an endpoint',
  description: 'The endpoint without its secret.',
  scope: 'events',
  params: endpointParams,
  reply: { status: 200, schema: endpointShown, description: 'The endpoint.' },
  handle: async ({ deps, caller, params }) => {
    const found = await deps.store.webhooks.find(caller.merchantId, params.endpoint_id);
    return found === null
      ? refuse('not_found', 'There is no such endpoint.')
      : { document: toWireEndpoint(found) };
  },
});
