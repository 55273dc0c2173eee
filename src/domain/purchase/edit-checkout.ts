import type { Instant } from '../../kernel/instant.ts';
import { type Money, sameMoney } from '../../kernel/money.ts';
import type { Buyer, Checkout } from '../checkout/checkout.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { whyNotOpen } from './begin-attempt.ts';
import type { Purchase } from './purchase.ts';
import { type Step, step } from './step.ts';

export type CheckoutEdit = {
  readonly total?: Money;
  /** Only the fields that change. */
  readonly buyer?: Buyer;
  readonly metadata?: Checkout['metadata'];
};

/**
 * Changes an open checkout. An authentication is for one amount: nothing that was begun for another one may pay it any
 * more, so an attempt has to be over before the amount changes.
 */
export function editCheckout(purchase: Purchase, edit: CheckoutEdit, at: Instant): Step | Refusal {
  const { checkout, sale } = purchase;
  const closed = whyNotOpen(purchase, at);
  if (closed !== null) return closed;
  const { total = checkout.total, metadata = checkout.metadata } = edit;
  if (total.currency !== checkout.total.currency)
    return refuse('currency_mismatch', `The checkout is in ${checkout.total.currency}.`, '/currency');
  const buyer = edit.buyer === undefined ? checkout.buyer : { ...checkout.buyer, ...edit.buyer };
  const edited = { ...checkout, total, metadata, buyer };
  if (sale === undefined || sameMoney(total, checkout.total))
    return step({ ...purchase, checkout: edited }, { journal: [], events: [] });
  const { payment, order } = sale;
  const because = `the amount changes from ${checkout.total.amount} to ${total.amount} ${total.currency}`;
  return step(
    { checkout: edited, sale: { ...sale, order: { ...order, total, changedAt: at } } },
    { journal: [{ subject: payment.id, at, from: payment.state, to: payment.state, because }], events: [] },
  );
}
