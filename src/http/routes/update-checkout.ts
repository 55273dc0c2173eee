import { z } from 'zod';
import { updateCheckout as update } from '../../flows/update-checkout.ts';
import { fromWireBuyer } from '../codec/buyer.ts';
import { checkoutShown, updateCheckoutBody } from '../codec/checkout.ts';
import { toMoney } from '../codec/money.ts';
import { idOf } from '../codec/parts.ts';
import { route } from '../route.ts';

export const updateCheckout = route({
  operationId: 'updateCheckout',
  method: 'patch',
  path: '/v1/checkouts/{checkout_id}',
  tag: 'Checkouts',
  summary: 'Change an open checkout',
  description:
    'Another amount, another buyer or other words of the shop’s own; what is left out stays. A 3-D Secure action ' +
    'that the buyer has not finished is given up, because it was for the amount before.',
  scope: 'checkouts',
  params: z.strictObject({ checkout_id: idOf('chk', 'The checkout.') }),
  body: updateCheckoutBody,
  moves: 'update_checkout',
  reply: { status: 200, schema: checkoutShown, description: 'The checkout, changed.' },
  problems: ['checkout_not_open', 'checkout_expired', 'checkout_processing', 'currency_mismatch'],
  handle: ({ deps, params, body, request }) => {
    const total = toMoney(body);
    return update(deps, {
      request,
      checkoutId: params.checkout_id,
      edit: {
        buyer: fromWireBuyer(body),
        ...(total === null ? {} : { total }),
        ...(body.metadata === undefined ? {} : { metadata: body.metadata }),
      },
    });
  },
});
