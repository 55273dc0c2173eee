import { z } from 'zod';
import { refuse } from '../../domain/refusal.ts';
import { deliveryName, deliveryShown, toWireDelivery } from '../codec/delivery.ts';
import { route } from '../route.ts';

export const retryDelivery = route({
  operationId: 'retryDelivery',
  method: 'post',
  path: '/v1/deliveries/retry',
  tag: 'Payments',
  summary: 'Try a webhook again that was set aside',
  description:
    'Once its reason is gone (a payment that was not known yet, a PSP that could not be asked): it is applied as if it ' +
    'had just come, and set aside again when that fails. What is known by now changes nothing.',
  scope: 'resolutions',
  body: z.strictObject(deliveryName).meta({ id: 'RetryDelivery' }),
  reply: { status: 200, schema: deliveryShown, description: 'The delivery, which waits to be applied.' },
  problems: ['not_found'],
  handle: async ({ deps, caller, body: { id: messageId, psp, psp_account: account } }) => {
    const name = { psp, account, messageId };
    const delivery = await deps.store.deliveries.retry(caller.merchantId, name, deps.clock());
    return delivery === null
      ? refuse('not_found', 'There is no such delivery that was set aside.')
      : { document: toWireDelivery(delivery) };
  },
});
