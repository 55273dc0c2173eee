import { z } from 'zod';
import { checkoutIdOf } from '../../domain/purchase/purchase.ts';
import { resolvePayment as resolve } from '../../flows/resolve-payment.ts';
import { orderShown } from '../codec/order.ts';
import { idOf } from '../codec/parts.ts';
import { resolveBody } from '../codec/payment.ts';
import { route } from '../route.ts';

export const resolvePayment = route({
  operationId: 'resolvePayment',
  method: 'post',
  path: '/v1/payments/{payment_id}/resolve',
  tag: 'Payments',
  summary: 'Resolve a quarantined payment',
  description:
    'Ends the quarantine of a payment by a person’s decision, which the journal keeps. The PSP is asked first. A payment ' +
    'that is still quarantined in the reply is contradicted by what the PSP says now.',
  scope: 'resolutions',
  params: z.strictObject({ payment_id: idOf('pay', 'The payment.') }),
  body: resolveBody,
  moves: 'resolve_payment',
  signed: true,
  reply: { status: 200, schema: orderShown, description: 'The order, with its payment as it is now.' },
  problems: ['payment_not_quarantined', 'resolution_not_possible', 'psp_unavailable'],
  handle: ({ deps, caller, params, body, request }) =>
    resolve(deps, { request, checkoutId: checkoutIdOf(params.payment_id), by: caller.key.id, ...body }),
});
