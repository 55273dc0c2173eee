import { isRefusal } from '../../domain/refusal.ts';
import { createWebhookEndpoint as create } from '../../flows/create-webhook-endpoint.ts';
import { endpointBody, endpointShownWithSecret, toWireEndpoint } from '../codec/webhook-endpoint.ts';
import { route } from '../route.ts';

export const createWebhookEndpoint = route({
  operationId: 'createWebhookEndpoint',
  method: 'post',
  path: '/v1/webhook-endpoints',
  tag: 'Webhook endpoints',
  summary: 'Be told by webhook',
  description:
    'From now on, events of the chosen types are sent to the URL, signed as Standard Webhooks says. The reply holds the ' +
    'secret, this once.',
  scope: 'events',
  body: endpointBody,
  reply: { status: 201, schema: endpointShownWithSecret, description: 'The endpoint and its secret.' },
  problems: ['webhook_url_refused', 'webhook_endpoints_too_many'],
  handle: async ({ deps, caller, body }) => {
    const made = await create(deps, caller.merchantId, body);
    return isRefusal(made) ? made : { document: { ...toWireEndpoint(made.endpoint), secret: made.secret } };
  },
});
