import type Stripe from 'stripe';
import { isId } from '../../kernel/ids.ts';
import { secondMs, type Instant } from '../../kernel/instant.ts';
import type { Money } from '../../kernel/money.ts';
import type { PspCharge } from '../psp.ts';
import { moneyFromStripe } from './attempt.ts';
import { chargeSchema } from './wire.ts';

/** Every successful charge of the account, newest first. Throws when Stripe cannot be heard: half a list is no list. */
export async function* listStripeCharges(
  client: Stripe,
  since: Instant,
  until: Instant,
): AsyncIterable<PspCharge> {
  const created = { gte: Math.floor(since / secondMs), lt: Math.ceil(until / secondMs) };
  for await (const listed of client.charges.list({ created, limit: 100 })) {
    const charge = chargeSchema.parse(listed);
    if (charge.status !== 'succeeded') continue;
    const read = (amount: number): Money => {
      const money = moneyFromStripe(amount, charge.currency);
      if (money === null)
        throw new RangeError(`charge ${charge.id} is of an amount that cannot be expressed`);
      return money;
    };
    const attemptId = charge.metadata['tillgate_attempt'];
    yield {
      pspReference: charge.payment_intent ?? charge.id,
      ...(attemptId !== undefined && isId('att', attemptId) && { attemptId }),
      at: charge.created * secondMs,
      authorized: read(charge.amount),
      captured: read(charge.amount_captured).amount,
      refunded: read(refundedOf(charge)).amount,
    };
  }
}

/** Stripe counts the part of an authorisation that was never captured as refunded. */
function refundedOf(charge: { amount: number; amount_captured: number; amount_refunded: number }): number {
  return Math.max(0, charge.amount_refunded - (charge.amount - charge.amount_captured));
}
