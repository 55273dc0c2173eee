import type { MovementId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import { type Money, money } from '../../kernel/money.ts';
import { unreachable } from '../../kernel/unreachable.ts';
import { type Movement, type MovementKind, type RefundReason, isMoving } from '../payment/movement.ts';
import { type Refusal, isRefusal, refuse } from '../refusal.ts';
import { quarantined } from './begin-attempt.ts';
import type { Purchase, Sale } from './purchase.ts';
import { authorizedAttempt } from './receive-money.ts';
import { type Step, step } from './step.ts';

export type PlannedMovement = {
  readonly id: MovementId;
  readonly kind: MovementKind;
  /** Absent: everything that is left. */
  readonly amount?: Money;
  /** Captures: release what is not captured. A capture of everything that is left is always final. */
  readonly final?: boolean;
  readonly reason?: RefundReason;
};

/** Records a capture, void, refund or increment that is about to be made, or says why it may not be. */
export function beginMovement(purchase: Purchase, planned: PlannedMovement, at: Instant): Step | Refusal {
  const sale = purchase.sale;
  if (sale === undefined) return refuse('order_not_authorized', 'There is no order yet.');
  if (sale.payment.state === 'quarantined') return quarantined;
  const attempt = authorizedAttempt(sale);
  const allowed = planned.kind === 'refund' ? refundable(sale) : movable(sale, planned.kind);
  if (isRefusal(allowed)) return allowed;
  if (attempt === undefined)
    return refuse('order_not_authorized', 'No authorisation stands behind this order.');

  const amount = planned.amount ?? money(allowed.left, sale.payment.currency);
  const wrong = whyNotAmount(amount, sale, planned.kind, allowed.left);
  if (wrong !== null) return wrong;

  const movement: Movement = {
    id: planned.id,
    paymentId: sale.payment.id,
    attemptId: attempt.id,
    kind: planned.kind,
    amount,
    pspKey: planned.id,
    final: planned.kind === 'capture' && (planned.final !== false || amount.amount === allowed.left),
    ...(planned.kind === 'refund' ? { reason: planned.reason ?? 'requested_by_customer' } : {}),
    stray: false,
    createdAt: at,
    changedAt: at,
    state: 'prepared',
  };
  return step(
    { ...purchase, sale: { ...sale, movements: [...sale.movements, movement] } },
    {
      journal: [{ subject: movement.id, at, from: null, to: 'prepared', because: movement.kind }],
      events: [],
    },
  );
}

/** How much may still be captured, voided or added. */
function movable(sale: Sale, kind: 'capture' | 'void' | 'increment'): { left: bigint } | Refusal {
  switch (sale.order.state) {
    case 'pending':
      return refuse('order_not_authorized', 'The payment has not been authorised.');
    case 'held':
      if (kind === 'capture')
        return refuse('order_held', 'The order is held for review; approve or reject the review first.');
      break;
    case 'captured':
      return refuse('order_already_captured', 'The order has been captured; refund it instead.');
    case 'canceled':
      return refuse('order_already_canceled', 'The order has been canceled.');
    case 'authorized':
      break;
    default:
      return unreachable(sale.order.state);
  }
  const moving = sale.movements.filter((each) => !each.stray && isMoving(each));
  // PSPs are told the new total: two at once would start from the same one, and the second would swallow the first.
  if (kind === 'increment' && moving.some((each) => each.kind === 'increment'))
    return refuse('movement_in_flight', 'Another increment of this order is still under way.');
  if (kind === 'void' && sale.payment.captured > 0n) {
    return refuse(
      'order_has_captures',
      'A part has been captured; capture the rest as final with amount 0 left, or refund.',
    );
  }
  if (
    moving.some(
      (each) => each.kind === 'void' || (each.kind === 'capture' && (kind === 'void' || each.final)),
    )
  ) {
    return refuse('movement_in_flight', 'Another capture or cancellation of this order is still under way.');
  }
  const capturing = sum(moving.filter((each) => each.kind === 'capture'));
  return { left: sale.payment.authorized - sale.payment.captured - capturing };
}

/** How much may still be refunded. */
function refundable(sale: Sale): { left: bigint } | Refusal {
  if (sale.payment.captured === 0n)
    return refuse('order_not_captured', 'Nothing has been captured; cancel the order instead.');
  const refunding = sum(
    sale.movements.filter((each) => each.kind === 'refund' && !each.stray && isMoving(each)),
  );
  return { left: sale.payment.captured - sale.payment.refunded - refunding };
}

function whyNotAmount(amount: Money, sale: Sale, kind: MovementKind, left: bigint): Refusal | null {
  if (amount.currency !== sale.payment.currency) {
    return refuse('currency_mismatch', `The order is in ${sale.payment.currency}.`, '/currency');
  }
  switch (kind) {
    case 'capture':
      return amount.amount > 0n && amount.amount <= left
        ? null
        : refuse('capture_above_authorized', `${left} ${amount.currency} can still be captured.`, '/amount');
    case 'refund':
      return amount.amount > 0n && amount.amount <= left
        ? null
        : refuse('refund_above_captured', `${left} ${amount.currency} can still be refunded.`, '/amount');
    case 'void':
    case 'increment':
      return null;
    default:
      return unreachable(kind);
  }
}

function sum(movements: readonly Movement[]): bigint {
  return movements.reduce((total, each) => total + each.amount.amount, 0n);
}
