import { z } from 'zod';
import { cancelCheckout as cancel } from '../../flows/cancel-checkout.ts';
import { checkoutShown } from '../codec/checkout.ts';
import { idOf, nothing } from '../codec/parts.ts';
import { route } from '../route.ts';

export const cancelCheckout = route({
  operationId: 'cancelCheckout',
  method: 'post',
  path: '/v1/checkouts/{checkout_id}/cancel',
  tag: 'Checkouts',
  summary: 'Cancel a checkout',
  description:
    'Ends a checkout that will not be paid, and gives up a 3-D Secure action that the buyer has not finished.',
  scope: 'checkouts',
  params: z.strictObject({ checkout_id: idOf('chk', 'The checkout.') }),
  body: nothing.optional(),
  moves: 'cancel_checkout',
  reply: { status: 200, schema: checkoutShown, description: 'The checkout, canceled.' },
  problems: ['checkout_not_open', 'checkout_processing', 'checkout_expired'],
  handle: ({ deps, params, request }) => cancel(deps, { request, checkoutId: params.checkout_id }),
});
