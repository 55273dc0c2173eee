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
  if (!mayBecome(movement, next)) return null;

  const concluded: Movement = { ...identity(movement), ...next, changedAt: at };
  const sale: Sale = {
    ...purchase.sale,
    movements: purchase.sale.movements.map((each) => (each.id === movement.id ? concluded : each)),
  };
  const moved = movement.state === 'succeeded' ? undo(sale, concluded, at) : apply(sale, concluded, at);
  if (moved === null) return quarantine(purchase, movement, outcome, at);
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

/** Whatever order the news come in: a reversal is the last word, and only it takes a success back. */
function mayBecome(movement: Movement, next: MovementState): boolean {
  const reversed = next.state === 'failed' && next.reversed;
  if (movement.state === 'succeeded')
    return reversed && (movement.kind === 'refund' || movement.kind === 'capture');
  if (movement.state === 'failed' && (movement.reversed || next.state === 'failed'))
    return reversed && !movement.reversed;
  return movementTransitions[movement.state].includes(next.state);
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

/**
 * A refund came back from the receiving bank, or the scheme did not pay a capture after all. An order that was told to
 * be paid and is not waits for a person. Null when what the capture brought has been given back since.
 */
function undo(sale: Sale, { kind, stray, amount: { amount } }: Movement, at: Instant): Sale | null {
  if (stray) return sale;
  const { payment, order } = sale;
  if (kind === 'refund')
    return { ...sale, payment: { ...payment, refunded: payment.refunded - amount, changedAt: at } };
  const captured = payment.captured - amount;
  if (captured < payment.refunded) return null;
  const state = order.state === 'captured' ? 'quarantined' : payment.state;
  return { ...sale, payment: { ...payment, captured, state, changedAt: at } };
}

/** What was said cannot be true beside what is known: nothing moves until a person has looked. */
function quarantine(
  { checkout, sale }: Purchase,
  { attemptId }: Movement,
  outcome: MovementOutcome,
  at: Instant,
): Step | null {
  if (sale === undefined || sale.payment.state === 'quarantined') return null;
  const payment = { ...sale.payment, state: 'quarantined' as const, changedAt: at };
  const because = `${describe(outcome)}, after it was refunded`;
  return step(
    { checkout, sale: { ...sale, payment } },
    {
      journal: [{ subject: payment.id, at, from: sale.payment.state, to: payment.state, because }],
      events: [{ type: 'payment.quarantined', data: { ...orderData(checkout.id, sale), attemptId } }],
    },
  );
}

function announce(checkoutId: Purchase['checkout']['id'], sale: Sale, movement: Movement): EventFact[] {
  const quarantined: EventFact = {
    type: 'payment.quarantined',
    data: { ...orderData(checkoutId, sale), attemptId: movement.attemptId },
  };
  if (movement.state === 'quarantined') return [quarantined];
  const data = { ...orderData(checkoutId, sale), movementId: movement.id, amount: movement.amount };
  const succeeded = movement.state === 'succeeded';
  if (!succeeded && movement.state !== 'failed') return [];
  if (movement.stray) return [{ type: succeeded ? 'payment.reversed' : 'payment.reversal_failed', data }];
  switch (movement.kind) {
    case 'capture': {
      if (!succeeded) {
        const failed: EventFact = { type: 'payment.capture_failed', data };
        return sale.payment.state === 'quarantined' ? [failed, quarantined] : [failed];
      }
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
