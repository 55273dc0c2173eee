import type Stripe from 'stripe';
import type { Attempt } from '../../domain/payment/attempt.ts';
import { secondMs, type Instant } from '../../kernel/instant.ts';

/** Where to look for a PaymentIntent by its creation, newest first. */
type Window = { readonly from: Instant; readonly until: Instant };

/** 20 pages of 100: what a search may cost of an account's 100 requests a second. */
const pagesMax = 20;

/** Around an honest clock a PaymentIntent is made within the call's deadline. */
const honestMs = 5 * secondMs;

export type Search =
  | { readonly found: 'yes'; readonly id: string }
  /** Every PaymentIntent that could be it was looked at. */
  | { readonly found: 'no' }
  | { readonly found: 'too_many' };

/**
 * Finds the PaymentIntent of an attempt by its metadata. Lists are consistent at once at Stripe, its search is not.
 * A small window answers almost always; the wide one allows for clocks that lie.
 */
export async function findIntent(
  client: Stripe,
  attempt: Attempt,
  callMs: number,
  wide: Window,
): Promise<Search> {
  const near = { from: attempt.createdAt - honestMs, until: attempt.createdAt + callMs + honestMs };
  const first = await look(client, attempt, near);
  return first.found === 'yes' ? first : look(client, attempt, wide);
}

async function look(client: Stripe, attempt: Attempt, window: Window): Promise<Search> {
  const created = { gte: Math.floor(window.from / secondMs), lte: Math.ceil(window.until / secondMs) };
  let after: string | undefined;
  for (let page = 0; page < pagesMax; page += 1) {
    const { data, has_more } = await client.paymentIntents.list({
      created,
      limit: 100,
      ...(after !== undefined && { starting_after: after }),
    });
    const ours = data.find((intent) => intent.metadata['tillgate_attempt'] === attempt.id);
    if (ours !== undefined) return { found: 'yes', id: ours.id };
    after = data.at(-1)?.id;
    if (!has_more || after === undefined) return { found: 'no' };
  }
  return { found: 'too_many' };
}

/** The refund that a movement is, or null. A payment has few refunds: one page holds them all, if not, all are read. */
export async function findRefund(
  client: Stripe,
  intentId: string,
  movementId: string,
): Promise<Stripe.Refund | null> {
  for await (const refund of client.refunds.list({ payment_intent: intentId, limit: 100 })) {
    if (refund.metadata?.['tillgate_movement'] === movementId) return refund;
  }
  return null;
}
