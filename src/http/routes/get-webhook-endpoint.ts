import { refuse } from '../../domain/refusal.ts';
import { nothing } from '../codec/parts.ts';
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
  client: false,
  params: endpointParams,
  query: nothing,
  body: null,
  moves: null,
  reply: { status: 200, schema: endpointShown, description: 'The endpoint.' },
  problems: [],
  handle: async ({ deps, caller, params }) => {
    const found = await deps.store.webhooks.find(caller.merchantId, params.endpoint_id);
    return found === null
      ? refuse('not_found', 'There is no such endpoint.')
      : { document: toWireEndpoint(found) };
  },
});
