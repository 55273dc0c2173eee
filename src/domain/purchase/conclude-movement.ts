import type { Instant } from '../../kernel/instant.ts';
import { money, sameMoney } from '../../kernel/money.ts';
import { unreachable } from '../../kernel/unreachable.ts';
import type { EventFact } from '../events/event.ts';
import { type Movement, type MovementState, movementTransitions } from '../payment/movement.ts';
import type { MovementOutcome } from '../payment/outcome.ts';
import type { PaymentState } from '../payment/payment.ts';
import type { Posting } from '../payment/posting.ts';
import type { LabelFact } from '../risk/label.ts';
import { whyNotFitting } from './why-not-fitting.ts';
import type { Purchase, Sale } from './purchase.ts';
import { endOrder, orderEnded } from './end-order.ts';
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

  const next = nextState(purchase.sale, movement, outcome);
  if (!mayBecome(movement, next)) return null;
  return applyMovement(purchase, purchase.sale, movement, next, describe(outcome), at);
}

/** What a new state of a movement makes of the purchase. */
export function applyMovement(
  purchase: Purchase,
  before: Sale,
  movement: Movement,
  next: MovementState,
  because: string,
  at: Instant,
): Step {
  const concluded: Movement = { ...identity(movement), ...next, changedAt: at };
  const sale: Sale = {
    ...before,
    movements: before.movements.map((each) => (each.id === movement.id ? concluded : each)),
  };
  const moved = movement.state === 'succeeded' ? undo(sale, concluded, at) : apply(sale, concluded, at);
  const isNew = moved.payment.state === 'quarantined' && before.payment.state !== 'quarantined';
  const data = { ...orderData(purchase.checkout.id, moved), attemptId: movement.attemptId };
  const quarantined: EventFact[] = isNew ? [{ type: 'payment.quarantined', data }] : [];
  return step(
    { ...purchase, sale: moved },
    {
      journal: [{ subject: movement.id, at, from: movement.state, to: next.state, because }],
      events: [...announce(purchase.checkout.id, before, moved, concluded), ...quarantined],
      postings: postings(moved, movement, concluded),
      labels: labels(concluded),
    },
  );
}

/**
 * Whatever order the news come in: a reversal is the last word, and only it takes a success back or moves what is
 * quarantined.
 */
function mayBecome(movement: Movement, next: MovementState): boolean {
  const reversed = next.state === 'failed' && next.reversed;
  if (movement.state === 'quarantined') return reversed;
  if (movement.state === 'succeeded')
    return reversed && (movement.kind === 'refund' || movement.kind === 'capture');
  if (movement.state === 'failed' && (movement.reversed || next.state === 'failed'))
    return reversed && !movement.reversed;
  return movementTransitions[movement.state].includes(next.state);
}

/** The state that an outcome leads to, wherever the movement may go. */
export function nextState(sale: Sale, movement: Movement, outcome: MovementOutcome): MovementState {
  switch (outcome.kind) {
    case 'succeeded': {
      const { pspReference } = outcome;
      const said = movement.kind === 'void' ? movement.amount : outcome.amount;
      const cause = sameMoney(said, movement.amount)
        ? whyNotFitting(sale, movement)
        : `asked for ${movement.amount.amount} ${movement.amount.currency}, the PSP moved ${said.amount} ${said.currency}`;
      return cause === null
        ? { state: 'succeeded', pspReference }
        : { state: 'quarantined', pspReference, cause, said };
    }
    case 'pending':
      return { state: 'pending', pspReference: outcome.pspReference };
    case 'failed':
    case 'reversed':
      return { state: 'failed', cause: outcome.raw, reversed: outcome.kind === 'reversed' };
    case 'unknown':
      return { state: 'unknown', cause: outcome.cause };
    case 'not_sent':
      return { state: 'failed', cause: outcome.cause, reversed: false };
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
    case 'void': {
      // A last capture that the scheme took back left an order that was told to be paid: it stays so.
      if (order.state === 'captured') return sale;
      const ended = endOrder(sale, at);
      return { ...ended, payment: { ...ended.payment, state: to(ended.payment.state) } };
    }
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

/**
 * A refund came back from the receiving bank, or the scheme did not pay a capture after all. An order that was told to
 * be paid and is not waits for a person; so does what was refunded without having been captured.
 */
function undo(sale: Sale, { kind, stray, amount: { amount } }: Movement, at: Instant): Sale {
  if (stray) return sale;
  const { payment, order } = sale;
  if (kind === 'refund')
    return { ...sale, payment: { ...payment, refunded: payment.refunded - amount, changedAt: at } };
  const captured = payment.captured - amount;
  const { movements, refunded } = uncover(sale, captured, at);
  const state = order.state === 'captured' || refunded < payment.refunded ? 'quarantined' : payment.state;
  return { ...sale, movements, payment: { ...payment, captured, refunded, state, changedAt: at } };
}

/** Refunds of what is not captured any more are stray, the newest first: the PSP has paid them out of nothing. */
function uncover({ movements, payment }: Sale, captured: bigint, at: Instant) {
  let { refunded } = payment;
  const left = movements.toReversed().map((each): Movement => {
    const counts = each.kind === 'refund' && each.state === 'succeeded' && !each.stray;
    if (!counts || refunded <= captured) return each;
    refunded -= each.amount.amount;
    return { ...each, stray: true, changedAt: at };
  });
  return { movements: left.toReversed(), refunded };
}

function announce(
  checkoutId: Purchase['checkout']['id'],
  before: Sale,
  sale: Sale,
  movement: Movement,
): EventFact[] {
  const data = { ...orderData(checkoutId, sale), movementId: movement.id, amount: movement.amount };
  const succeeded = movement.state === 'succeeded';
  if (!succeeded && movement.state !== 'failed') return [];
  if (movement.stray && isReturn(sale, movement))
    return [{ type: succeeded ? 'payment.reversed' : 'payment.reversal_failed', data }];
  switch (movement.kind) {
    case 'capture': {
      if (!succeeded) return [{ type: 'payment.capture_failed', data }];
      // It goes back: only that is worth telling.
      if (movement.stray) return [];
      const last = sale.order.state === 'captured' ? [orderEnded(checkoutId, sale)] : [];
      return [{ type: 'payment.captured', data }, ...last];
    }
    case 'void': {
      if (!succeeded) return [{ type: 'payment.void_failed', data }];
      const ended = sale.order.state === before.order.state ? [] : [orderEnded(checkoutId, sale)];
      return [{ type: 'payment.voided', data }, ...ended];
    }
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

/** Whether stray money goes back, and is not just a refund that the payment does not count. */
function isReturn({ movements }: Sale, { kind, attemptId, amount }: Movement): boolean {
  const takes = (each: Movement) => each.stray && each.kind === 'capture' && each.attemptId === attemptId;
  return (
    kind === 'void' ||
    (kind === 'refund' && movements.some((each) => takes(each) && sameMoney(each.amount, amount)))
  );
}

function postings(sale: Sale, before: Movement, after: Movement): Posting[] {
  const attempt = sale.attempts.find((each) => each.id === after.attemptId);
  if (attempt === undefined || (after.kind !== 'capture' && after.kind !== 'refund')) return [];
  const psp = `psp:${attempt.psp}:${attempt.pspAccount}` as const;
  const came: Posting = { cause: after.id, debit: psp, credit: 'sales', amount: after.amount };
  const went: Posting = { cause: after.id, debit: 'sales', credit: psp, amount: after.amount };
  const [does, undoes] = after.kind === 'capture' ? [came, went] : [went, came];
  if (after.state === 'succeeded') return [does];
  return before.state === 'succeeded' ? [undoes] : [];
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
    case 'reversed':
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
