import { z } from 'zod';
import { deliveryShown, deliveryStatus, toWireDelivery } from '../codec/delivery.ts';
import { route } from '../route.ts';

const deliveriesMax = 200;

export const listDeliveries = route({
  operationId: 'listDeliveries',
  method: 'get',
  path: '/v1/deliveries',
  tag: 'Payments',
  summary: 'List webhooks received from PSPs',
  description:
    'The last two hundred, newest first. `received` waits to be applied, `set_aside` is about no payment of this ' +
    'service or cannot be applied, as its note says; a message that repeats what is known is `processed` without a change.',
  scope: 'payments',
  query: z.strictObject({ status: deliveryStatus.optional() }),
  reply: {
    status: 200,
    schema: z.strictObject({ deliveries: z.array(deliveryShown) }).meta({ id: 'DeliveryList' }),
    description: 'The deliveries.',
  },
  handle: async ({ deps, caller, query: { status = null } }) => {
    const found = await deps.store.deliveries.list(caller.merchantId, status, deliveriesMax);
    return { document: { deliveries: found.map(toWireDelivery) } };
  },
});
