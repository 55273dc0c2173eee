import { z } from 'zod';
import { keepMethod } from '../../flows/keep-method.ts';
import { leftByKeeping } from '../codec/about.ts';
import { keepMethodBody, methodShown } from '../codec/customer.ts';
import { idOf } from '../codec/parts.ts';
import { route } from '../route.ts';
import { methodsOf } from './confirm-checkout.ts';

export const createPaymentMethod = route({
  operationId: 'createPaymentMethod',
  method: 'post',
  path: '/v1/customers/{customer_id}/payment-methods',
  tag: 'Customers',
  summary: 'Keep a payment method without a payment',
  description:
    'The PSP keeps the card for this customer. `pending` with a `next_action` means that the issuer wants the buyer: ' +
    'complete it with what the browser comes back with.',
  scope: 'checkouts',
  call: 'add_card',
  about: (body) => ({ keys: { card: body.payment_method } }),
  outcomeOf: leftByKeeping,
  params: z.strictObject({ customer_id: idOf('cus', 'The customer.') }),
  body: keepMethodBody,
  moves: 'keep_payment_method',
  reply: { status: 201, schema: methodShown, description: 'The payment method.' },
  problems: ['no_psp_for_payment', 'psp_unavailable'],
  handle: ({ deps, params, body, request }) =>
    keepMethod(deps, {
      request,
      customerId: params.customer_id,
      method: body.payment_method ?? methodsOf(body.payment_methods),
      currency: body.currency,
      ...(body.return_url === undefined ? {} : { returnUrl: body.return_url }),
    }),
});
