import { z } from 'zod';
import { isRefusal } from '../../domain/refusal.ts';
import { removeMethod } from '../../flows/keep-method.ts';
import { methodShown } from '../codec/customer.ts';
import { idOf } from '../codec/parts.ts';
import { toWireMethod } from '../render/customer.ts';
import { route } from '../route.ts';

export const removePaymentMethod = route({
  operationId: 'removePaymentMethod',
  method: 'delete',
  path: '/v1/customers/{customer_id}/payment-methods/{payment_method_id}',
  tag: 'Customers',
  summary: 'Remove a payment method',
  description: 'It cannot be paid with any more. Removing it again changes nothing.',
  scope: 'checkouts',
  params: z.strictObject({
    customer_id: idOf('cus', 'The customer.'),
    payment_method_id: idOf('pm', 'The payment method.'),
  }),
  reply: { status: 200, schema: methodShown, description: 'The payment method, removed.' },
  handle: async ({ deps, caller, params }) => {
    const method = await removeMethod(deps, caller.merchantId, params);
    return isRefusal(method) ? method : { document: toWireMethod(method) };
  },
});
