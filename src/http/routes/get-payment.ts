import { z } from 'zod';
import { checkoutIdOf } from '../../domain/purchase/purchase.ts';
import { refuse } from '../../domain/refusal.ts';
import { idOf, shownAt } from '../codec/parts.ts';
import { wholePayment } from '../codec/payment.ts';
import { toWirePayment } from '../render/checkout.ts';
import { toWireContradictions } from '../render/payment.ts';
import { route } from '../route.ts';

export const getPayment = route({
  operationId: 'getPayment',
  method: 'get',
  path: '/v1/payments/{payment_id}',
  tag: 'Payments',
  summary: 'Read a payment with its attempts and journal',
  description: 'Everything that happened to one order’s money, in order, and why.',
  scope: 'payments',
  params: z.strictObject({ payment_id: idOf('pay', 'The payment.') }),
  reply: {
    status: 200,
    schema: wholePayment,
    description: 'The payment.',
  },
  handle: async ({ deps, caller, params }) => {
    const checkoutId = checkoutIdOf(params.payment_id);
    const purchase = await deps.store.purchases.find(caller.merchantId, checkoutId);
    const payment = purchase && toWirePayment(purchase);
    if (!payment) return refuse('not_found', 'There is no such payment.');
    const journal = await deps.store.purchases.journal(caller.merchantId, checkoutId);
    return {
      document: {
        ...payment,
        attempts: purchase.sale?.attempts.map((each) => ({
          id: each.id,
          status: each.state,
          psp: each.psp,
          psp_account: each.pspAccount,
          amount: Number(each.request.amount.amount),
          routed_because: each.request.routedBecause,
          created_at: shownAt(each.createdAt),
        })),
        contradictions: toWireContradictions(purchase),
        journal: journal.map((each) => ({ ...each, at: shownAt(each.at) })),
      },
    };
  },
});
