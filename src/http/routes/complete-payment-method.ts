import { z } from 'zod';
import { isRefusal } from '../../domain/refusal.ts';
import { completeMethod } from '../../flows/keep-method.ts';
import { completeMethodBody, methodShown } from '../codec/customer.ts';
import { idOf } from '../codec/parts.ts';
import { toWireMethod } from '../render/customer.ts';
import { route } from '../route.ts';

export const completePaymentMethod = route({
  operationId: 'completePaymentMethod',
  method: 'post',
  path: '/v1/customers/{customer_id}/payment-methods/{payment_method_id}/complete',
  tag: 'Customers',
  summary: 'Complete a payment method after the issuer saw the buyer',
  description: 'Asks the PSP what became of it. Calling it again changes nothing.',
  scope: 'checkouts',
  params: z.strictObject({
    customer_id: idOf('cus', 'The customer.'),
    payment_method_id: idOf('pm', 'The payment method.'),
  }),
  body: completeMethodBody.optional(),
  reply: { status: 200, schema: methodShown, description: 'The payment method.' },
  handle: async ({ deps, caller, params, body }) => {
    const method = await completeMethod(deps, caller.merchantId, params, body?.brought ?? {});
    return isRefusal(method) ? method : { document: toWireMethod(method) };
  },
});
