import type { Instant } from '../../kernel/instant.ts';
import { money, sameMoney } from '../../kernel/money.ts';
import { unreachable } from '../../kernel/unreachable.ts';
import type { EventFact } from '../events/event.ts';
import { type Movement, type MovementState, movementTransitions } from '../payment/movement.ts';
import type { MovementOutcome } from '../payment/outcome.ts';
import type { PaymentState } from '../payment/payment.ts';
import type { Posting } from '../payment/posting.ts';
import type { LabelFact } from '../risk/label.ts';
import { fitMovement } from './fit-movement.ts';
import type { Purchase, Sale } from './purchase.ts';
import { type Step, orderData, step } from './step.ts';

/** Applies what a PSP said about a movement, whoever heard it. Old and repeated news answer null. */
export function concludeMovement(
  purchase: Purchase,
  movementId: string,
  outcome: MovementOutcome,
  at: Instant,
): Step | null {
  const movement = purchase.sale?.movements.find((each) => each.id === movementId);
  if (purchase.sale === undefined || movement === undefined) return null;

  const next = fitMovement(purchase.sale, movement, nextState(movement, outcome));
  if (!movementTransitions[movement.state].includes(next.state)) return null;
  // Only a refund's success can be taken back, by the receiving bank.
  if (movement.state === 'succeeded' && movement.kind !== 'refund') return null;

  const concluded: Movement = { ...identity(movement), ...next, changedAt: at };
  const sale: Sale = {
    ...purchase.sale,
    movements: purchase.sale.movements.map((each) => (each.id === movement.id ? concluded : each)),
  };
  const moved = movement.state === 'succeeded' ? undo(sale, concluded, at) : apply(sale, concluded, at);
  return step(
    { ...purchase, sale: moved },
    {
      journal: [
        { subject: movement.id, at, from: movement.state, to: next.state, because: describe(outcome) },
      ],
      events: announce(purchase.checkout.id, moved, concluded),
      postings: postings(moved, movement, concluded),
      labels: labels(concluded),
    },
  );
}

function nextState(movement: Movement, outcome: MovementOutcome): MovementState {
  switch (outcome.kind) {
    case 'succeeded':
      return movement.kind === 'void' || sameMoney(outcome.amount, movement.amount)
        ? { state: 'succeeded', pspReference: outcome.pspReference }
        : {
            state: 'quarantined',
            pspReference: outcome.pspReference,
            cause: `asked for ${movement.amount.amount} ${movement.amount.currency}, the PSP moved ${outcome.amount.amount} ${outcome.amount.currency}`,
          };
    case 'pending':
      return { state: 'pending', pspReference: outcome.pspReference };
    case 'failed':
      return { state: 'failed', cause: outcome.raw };
    case 'unknown':
      return { state: 'unknown', cause: outcome.cause };
    case 'not_sent':
      return { state: 'failed', cause: outcome.cause };
    default:
      return unreachable(outcome);
  }
}

/** What a movement that has succeeded does to the payment and the order. */
function apply(sale: Sale, movement: Movement, at: Instant): Sale {
  if (movement.state === 'quarantined') {
    return { ...sale, payment: { ...sale.payment, state: 'quarantined', changedAt: at } };
  }
  if (movement.state !== 'succeeded' || movement.stray) return sale;
  const { payment, order } = sale;
  const { amount } = movement.amount;
  // What is quarantined stays so until a person has looked; its amounts are still those of the PSP.
  const to = (state: PaymentState): PaymentState => (payment.state === 'quarantined' ? payment.state : state);
  switch (movement.kind) {
    case 'capture': {
      const captured = payment.captured + amount;
      const done = movement.final || captured === payment.authorized;
      return {
        ...sale,
        payment: { ...payment, captured, state: done ? to('captured') : payment.state, changedAt: at },
        order: done ? { ...order, state: 'captured', changedAt: at } : order,
      };
    }
    case 'void':
      return {
        ...sale,
        payment: { ...payment, state: to('canceled'), changedAt: at },
        order: { ...order, state: 'canceled', changedAt: at },
      };
    case 'refund':
      return { ...sale, payment: { ...payment, refunded: payment.refunded + amount, changedAt: at } };
    case 'increment':
      return {
        ...sale,
        payment: { ...payment, authorized: payment.authorized + amount, changedAt: at },
        order: { ...order, total: money(order.total.amount + amount, order.total.currency), changedAt: at },
      };
    default:
      return unreachable(movement.kind);
  }
}

/** A refund came back from the receiving bank. */
function undo(sale: Sale, refund: Movement, at: Instant): Sale {
  if (refund.stray) return sale;
  const refunded = sale.payment.refunded - refund.amount.amount;
  return { ...sale, payment: { ...sale.payment, refunded, changedAt: at } };
}

function announce(checkoutId: Purchase['checkout']['id'], sale: Sale, movement: Movement): EventFact[] {
  if (movement.state === 'quarantined') {
    const about = { ...orderData(checkoutId, sale), attemptId: movement.attemptId };
    return [{ type: 'payment.quarantined', data: about }];
  }
  const data = { ...orderData(checkoutId, sale), movementId: movement.id, amount: movement.amount };
  const succeeded = movement.state === 'succeeded';
  if (!succeeded && movement.state !== 'failed') return [];
  if (movement.stray) return [{ type: succeeded ? 'payment.reversed' : 'payment.reversal_failed', data }];
  switch (movement.kind) {
    case 'capture': {
      if (!succeeded) return [{ type: 'payment.capture_failed', data }];
      const captured = money(sale.payment.captured, sale.payment.currency);
      const last: EventFact[] =
        sale.order.state === 'captured'
          ? [{ type: 'order.captured', data: { ...orderData(checkoutId, sale), captured } }]
          : [];
      return [{ type: 'payment.captured', data }, ...last];
    }
    case 'void':
      return succeeded
        ? [
            { type: 'payment.voided', data },
            { type: 'order.canceled', data: orderData(checkoutId, sale) },
          ]
        : [{ type: 'payment.void_failed', data }];
    case 'refund':
      return succeeded
        ? [{ type: 'payment.refunded', data: { ...data, reason: movement.reason ?? 'other' } }]
        : [{ type: 'payment.refund_failed', data }];
    case 'increment':
      return [{ type: succeeded ? 'payment.incremented' : 'payment.increment_failed', data }];
    default:
      return unreachable(movement.kind);
  }
}

function postings(sale: Sale, before: Movement, after: Movement): Posting[] {
  const attempt = sale.attempts.find((each) => each.id === after.attemptId);
  if (attempt === undefined || (after.kind !== 'capture' && after.kind !== 'refund')) return [];
  const psp = `psp:${attempt.psp}:${attempt.pspAccount}` as const;
  const came: Posting = { cause: after.id, debit: psp, credit: 'sales', amount: after.amount };
  const went: Posting = { cause: after.id, debit: 'sales', credit: psp, amount: after.amount };
  if (after.state === 'succeeded') return [after.kind === 'capture' ? came : went];
  return before.state === 'succeeded' ? [came] : [];
}

/** The merchant believes that it was fraud; it may be wrong. */
function labels({ id, kind, state, reason }: Movement): LabelFact[] {
  return kind === 'refund' && state === 'succeeded' && reason === 'fraudulent'
    ? [{ fraud: true, source: 'refund', strength: 'weak', reference: id }]
    : [];
}

/** A movement without the fields of its state. */
function identity(movement: Movement) {
  const { id, paymentId, attemptId, kind, amount, pspKey, final, stray, createdAt, changedAt } = movement;
  const reason = movement.reason === undefined ? {} : { reason: movement.reason };
  return { id, paymentId, attemptId, kind, amount, pspKey, final, stray, createdAt, changedAt, ...reason };
}

function describe(outcome: MovementOutcome): string {
  switch (outcome.kind) {
    case 'failed':
      return outcome.raw;
    case 'unknown':
    case 'not_sent':
      return outcome.cause;
    case 'succeeded':
    case 'pending':
      return outcome.kind;
    default:
      return unreachable(outcome);
  }
}
