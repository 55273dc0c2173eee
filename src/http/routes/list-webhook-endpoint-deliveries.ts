import { z } from 'zod';
import { refuse } from '../../domain/refusal.ts';
import { deliveryShown, endpointParams, toWireDelivery } from '../codec/webhook-endpoint.ts';
import { route } from '../route.ts';

/** What fits on a page that a person reads. */
const deliveriesMax = 100;

export const listWebhookEndpointDeliveries = route({
  operationId: 'listWebhookEndpointDeliveries',
  method: 'get',
  path: '/v1/webhook-endpoints/{endpoint_id}/deliveries',
  tag: 'Webhook endpoints',
  summary: 'See what was delivered',
  description: 'The newest deliveries to the endpoint with every attempt. Kept for 30 days.',
  scope: 'events',
  params: endpointParams,
  reply: {
    status: 200,
    schema: z.strictObject({ deliveries: z.array(deliveryShown) }).meta({ id: 'WebhookDeliveryList' }),
    description: 'The deliveries.',
  },
  handle: async ({ deps, caller, params }) => {
    const { webhooks } = deps.store;
    if ((await webhooks.find(caller.merchantId, params.endpoint_id)) === null)
      return refuse('not_found', 'There is no such endpoint.');
    const deliveries = await webhooks.deliveries(caller.merchantId, params.endpoint_id, deliveriesMax);
    return { document: { deliveries: deliveries.map(toWireDelivery) } };
  },
});
