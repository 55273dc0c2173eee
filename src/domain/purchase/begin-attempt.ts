import { unreachable } from '../../kernel/unreachable.ts';
import type { AttemptId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { Order } from '../checkout/order.ts';
import type { Attempt, AttemptRequest, PspName } from '../payment/attempt.ts';
import type { Payment } from '../payment/payment.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { type Purchase, type Sale, orderIdOf, paymentIdOf } from './purchase.ts';
import { type JournalEntry, type Step, orderData, step } from './step.ts';

/**
 * Records the order, its payment and the attempt that is about to be made: everything that has to be durable before
 * the first PSP call. A second confirm of an open checkout adds an attempt to the same order.
 */
export function beginAttempt(
  purchase: Purchase,
  planned: { id: AttemptId; psp: PspName; pspAccount: string; request: AttemptRequest },
  at: Instant,
): Step | Refusal {
  const { checkout } = purchase;
  const closed = whyNotOpen(purchase, at);
  if (closed !== null) return closed;

  const existing = purchase.sale;
  const order: Order = existing?.order ?? {
    id: orderIdOf(checkout.id),
    state: 'pending',
    total: checkout.total,
    createdAt: at,
    changedAt: at,
    eventCount: 0,
  };
  const payment: Payment = existing?.payment ?? {
    id: paymentIdOf(checkout.id),
    state: 'open',
    currency: checkout.total.currency,
    authorized: 0n,
    captured: 0n,
    refunded: 0n,
    captureMode: checkout.captureMode,
    createdAt: at,
    changedAt: at,
  };
  const attempt: Attempt = {
    ...planned,
    paymentId: payment.id,
    createdAt: at,
    changedAt: at,
    state: 'prepared',
  };
  const sale: Sale = {
    order,
    payment: { ...payment, state: 'trying', changedAt: at },
    attempts: [...(existing?.attempts ?? []), attempt],
    movements: existing?.movements ?? [],
  };
  const journal: JournalEntry[] = [
    { subject: attempt.id, at, from: null, to: 'prepared', because: planned.request.routedBecause },
  ];
  return step(
    {
      checkout: { ...checkout, state: 'processing', assessmentId: planned.request.assessmentId },
      sale,
    },
    {
      journal,
      events: existing === undefined ? [{ type: 'order.created', data: orderData(checkout.id, sale) }] : [],
    },
  );
}

/** Why nothing is tried and no money moves until a person has resolved what a PSP said. */
export const quarantined = refuse(
  'payment_quarantined',
  'The PSP reported something that does not match this order; a person has to look.',
);

/** Why this checkout takes no confirm now; null when it does. */
export function whyNotOpen({ checkout, sale }: Purchase, at: Instant): Refusal | null {
  if (checkout.state === 'open' && sale?.payment.state === 'quarantined') return quarantined;
  switch (checkout.state) {
    case 'open':
      return at < checkout.expiresAt
        ? null
        : refuse('checkout_expired', 'The checkout has expired; create a new one.');
    case 'processing':
    case 'requires_action':
      return refuse(
        'checkout_processing',
        'A payment of this checkout is still under way; read the checkout to see it.',
      );
    case 'completed':
    case 'canceled':
      return refuse('checkout_not_open', `The checkout is ${checkout.state}.`);
    case 'expired':
      return refuse('checkout_expired', 'The checkout has expired; create a new one.');
    default:
      return unreachable(checkout.state);
  }
}
