import type { MovementId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import { money } from '../../kernel/money.ts';
import { unreachable } from '../../kernel/unreachable.ts';
import { type Attempt, isLive } from '../payment/attempt.ts';
import type { Movement } from '../payment/movement.ts';
import type { AttemptOutcome, MovementOutcome } from '../payment/outcome.ts';
import type { PaymentState, Resolution } from '../payment/payment.ts';
import { type Refusal, isRefusal, refuse } from '../refusal.ts';
import { endOrder, orderEnded } from './end-order.ts';
import type { Purchase, Sale } from './purchase.ts';
import { resolveAttempt } from './resolve-attempt.ts';
import { resolveMovement } from './resolve-movement.ts';
import { type Step, both, orderData, step, unchanged } from './step.ts';

export type Decided = {
  readonly resolution: Resolution;
  /** Who decides, and why: both are in the journal for good. */
  readonly by: string;
  readonly note: string;
  readonly heard: Heard;
};

/** What PSPs say now of the attempts and movements that are quarantined, by id. */
export type Heard = {
  readonly attempts: ReadonlyMap<string, AttemptOutcome>;
  readonly movements: ReadonlyMap<string, MovementOutcome>;
};

/**
 * A person ends a quarantine, or learns that it has to last. Every attempt and movement in doubt is concluded in one
 * step; when none is left, the payment is what its order tells. A payment without any (the scheme took back what an
 * order was told to be paid with) waits only to be accepted.
 *
 * The first id that `newMovementId` gives is of the movement that has to be made at the PSP.
 */
export function resolveQuarantine(
  purchase: Purchase,
  { resolution, by, note, heard }: Decided,
  at: Instant,
  newMovementId: () => MovementId,
): Step | Refusal {
  const { sale } = purchase;
  if (sale?.payment.state !== 'quarantined')
    return refuse('payment_not_quarantined', 'There is nothing to resolve.');
  const attempts = sale.attempts.filter(isQuarantined);
  const movements = sale.movements.filter(isQuarantined);
  if (resolution !== 'accept' && attempts.length + movements.length === 0)
    return refuse('resolution_not_possible', 'The PSP took money back: accept, and refund what may be left.');

  let said: Step | Refusal = unchanged(purchase);
  for (const each of attempts) {
    const news = heard.attempts.get(each.id);
    said = then(said, (now) => resolveAttempt(now, each, news, resolution, at, newMovementId));
  }
  for (const each of movements) {
    const news = heard.movements.get(each.id);
    said = then(said, (now) => resolveMovement(now, each, news, resolution, at, newMovementId));
  }
  return then(said, (now) => release(now, resolution, `${resolution} by ${by}: ${note}`, at));
}

function then(first: Step | Refusal, next: (now: Purchase) => Step | Refusal): Step | Refusal {
  if (isRefusal(first)) return first;
  const second = next(first.purchase);
  return isRefusal(second) ? second : both(first, second);
}

function isQuarantined<T extends Attempt | Movement>(each: T): each is T & { readonly state: 'quarantined' } {
  return each.state === 'quarantined';
}

/** Lifts the quarantine when nothing in doubt is left. An order that was to be returned, and still waits, is over. */
function release(purchase: Purchase, resolution: Resolution, because: string, at: Instant): Step {
  const { checkout } = purchase;
  let { sale } = purchase;
  if (sale === undefined) throw new Error('what is quarantined was sold');
  const inDoubt = [...sale.attempts, ...sale.movements].some(isQuarantined);
  const isOver =
    !inDoubt && resolution === 'return' && sale.order.state === 'pending' && !sale.attempts.some(isLive);
  if (isOver) sale = endOrder(sale, at);
  const state = inDoubt ? 'quarantined' : standing(sale);
  const { payment, order } = { ...sale, payment: { ...sale.payment, state, changedAt: at } };
  const after: Sale = { ...sale, payment };
  const data = {
    ...orderData(checkout.id, after),
    resolution,
    captured: money(payment.captured, payment.currency),
    refunded: money(payment.refunded, payment.currency),
  };
  return step(
    {
      checkout: isOver && order.state === 'canceled' ? { ...checkout, state: 'canceled' } : checkout,
      sale: after,
    },
    {
      journal: [{ subject: payment.id, at, from: 'quarantined', to: state, because }],
      events: [
        ...(inDoubt ? [] : [{ type: 'payment.resolved' as const, data }]),
        ...(isOver ? [orderEnded(checkout.id, after)] : []),
      ],
    },
  );
}

/** What a payment is that nobody doubts, by its order. */
function standing({ order, attempts }: Sale): PaymentState {
  switch (order.state) {
    case 'authorized':
    case 'held':
      return 'authorized';
    case 'captured':
    case 'canceled':
      return order.state;
    case 'pending': {
      const live = attempts.find(isLive);
      if (live === undefined) return 'open';
      return live.state === 'requires_action' ? 'requires_action' : 'trying';
    }
    default:
      return unreachable(order.state);
  }
}
