import { z } from 'zod';
import { endpointShown, toWireEndpoint } from '../codec/webhook-endpoint.ts';
import { route } from '../route.ts';

export const listWebhookEndpoints = route({
  operationId: 'listWebhookEndpoints',
  method: 'get',
  path: '/v1/webhook-endpoints',
  tag: 'Webhook endpoints',
  summary: 'List the endpoints',
  description: 'All of them, oldest first.',
  scope: 'events',
  reply: {
    status: 200,
    schema: z.strictObject({ endpoints: z.array(endpointShown) }).meta({ id: 'WebhookEndpointList' }),
    description: 'The endpoints.',
  },
  handle: async ({ deps, caller }) => {
    const endpoints = await deps.store.webhooks.list(caller.merchantId);
    return { document: { endpoints: endpoints.map(toWireEndpoint) } };
  },
});
