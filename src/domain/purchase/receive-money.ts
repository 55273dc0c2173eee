import type { MovementId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import { type Money, sameMoney } from '../../kernel/money.ts';
import type { Checkout } from '../checkout/checkout.ts';
import type { OrderState } from '../checkout/order.ts';
import type { EventFact, Unwanted } from '../events/event.ts';
import type { Attempt } from '../payment/attempt.ts';
import type { Movement } from '../payment/movement.ts';
import type { AttemptOutcome } from '../payment/outcome.ts';
import type { Posting } from '../payment/posting.ts';
import { liabilityOf } from '../sca/judge-authentication.ts';
import type { Purchase, Sale } from './purchase.ts';
import { type JournalEntry, type Step, orderData, step } from './step.ts';

type Authorized = Attempt & { readonly state: 'authorized' };
type Success = AttemptOutcome & { readonly kind: 'authorized' };
type Settled = { purchase: Purchase; events: EventFact[]; postings: Posting[] };

/** What to do with money that a PSP has for us: `keepMoney` or `giveBack`. */
export type Receive = (
  checkout: Checkout,
  sale: Sale,
  attempt: Authorized,
  outcome: Success,
  at: Instant,
  newMovementId: () => MovementId,
) => Settled;

/** The attempt has brought money: it is authorised, and the money is kept or given back. */
export function receiveMoney(
  { checkout }: Purchase,
  sale: Sale,
  attempt: Attempt,
  outcome: Success,
  receive: Receive,
  at: Instant,
  newMovementId: () => MovementId,
): Step {
  const { id, paymentId, psp, pspAccount, request, createdAt, state: from } = attempt;
  const { pspReference, card, authentication, amount } = outcome;
  const authorized: Authorized = {
    ...{ id, paymentId, psp, pspAccount, request, createdAt, changedAt: at, state: 'authorized' },
    pspReference,
    card,
    authentication: { ...authentication, liability: liabilityOf(request, authentication) },
    ...(sameMoney(amount, request.amount) ? {} : { amount }),
  };
  const after: Sale = {
    ...sale,
    attempts: sale.attempts.map((each) => (each.id === id ? authorized : each)),
  };
  const settled = receive(checkout, after, authorized, outcome, at, newMovementId);
  const journal = [{ subject: id, at, from, to: 'authorized', because: 'authorized' }];
  return step(settled.purchase, { ...settled, journal: [...journal, ...born(sale, settled, at)] });
}

/** Money is welcome while its checkout still waits for just as much and no other attempt has brought it. */
export function isWanted({ checkout, sale }: Purchase, attempt: Attempt): boolean {
  const others = sale?.attempts.some(
    (each) =>
      each.id !== attempt.id &&
      each.state !== 'declined' &&
      each.state !== 'failed' &&
      each.state !== 'canceled' &&
      !isGivenBack(sale, each),
  );
  return (
    checkout.state !== 'canceled' &&
    checkout.state !== 'expired' &&
    checkout.state !== 'completed' &&
    sameMoney(attempt.request.amount, checkout.total) &&
    others !== true
  );
}

/** The attempt whose money the payment counts. */
export function authorizedAttempt(sale: Sale): Authorized | undefined {
  return sale.attempts.find(
    (each): each is Authorized => each.state === 'authorized' && !isGivenBack(sale, each),
  );
}

/** Whether an attempt's money came too late or twice: its void, or its capture with the authorisation, is stray. */
function isGivenBack({ movements }: Sale, { id, request }: Attempt): boolean {
  return movements.some(
    ({ attemptId, stray, kind, pspKey }) =>
      stray && attemptId === id && (kind === 'void' || pspKey === request.pspKey),
  );
}

/** The order has been paid, or its money is reserved. */
export const keepMoney: Receive = (checkout, sale, attempt, outcome, at, newMovementId) => {
  const { captured } = outcome;
  const orderState: OrderState =
    captured !== undefined ? 'captured' : attempt.request.hold ? 'held' : 'authorized';
  const capture =
    captured === undefined ? null : atOnce(attempt, captured, outcome.pspReference, at, newMovementId());
  const after: Sale = {
    ...sale,
    order: { ...sale.order, state: orderState, changedAt: at },
    payment: {
      ...sale.payment,
      state: captured === undefined ? 'authorized' : 'captured',
      authorized: outcome.amount.amount,
      captured: captured?.amount ?? 0n,
      ...(checkout.captureAfterMs === undefined ? {} : { captureAt: at + checkout.captureAfterMs }),
      changedAt: at,
    },
    movements: capture === null ? sale.movements : [...sale.movements, capture],
  };
  const data = orderData(checkout.id, after);
  const event: EventFact =
    captured !== undefined
      ? { type: 'order.captured', data: { ...data, captured } }
      : { type: orderState === 'held' ? 'order.held' : 'order.authorized', data };
  return {
    purchase: { checkout: { ...checkout, state: 'completed' }, sale: after },
    events: [event],
    postings: capture === null ? [] : [earned(attempt, capture)],
  };
};

/** The money is not for this order: it is recorded, and a movement that returns it is prepared in the same step. */
export const giveBack: Receive = (checkout, sale, attempt, outcome, at, newMovementId) => {
  const { captured, pspReference } = outcome;
  const back = returning(attempt, captured === undefined ? 'void' : 'refund', captured ?? outcome.amount, {
    id: newMovementId(),
    at,
  });
  const taken =
    captured === undefined
      ? null
      : { ...atOnce(attempt, captured, pspReference, at, newMovementId()), stray: true };
  const data = {
    ...orderData(checkout.id, sale),
    attemptId: attempt.id,
    because: whyUnwanted(checkout, attempt),
  };
  return {
    purchase: {
      checkout,
      sale: { ...sale, movements: [...sale.movements, ...(taken === null ? [] : [taken]), back] },
    },
    events: [{ type: 'payment.unwanted', data }],
    postings: taken === null ? [] : [earned(attempt, taken)],
  };
};

/** The movement that returns what is not for this order. The payment does not count it. */
export function returning(
  { id: attemptId, paymentId }: Attempt,
  kind: 'void' | 'refund',
  amount: Money,
  { id, at }: { readonly id: MovementId; readonly at: Instant },
): Movement {
  return {
    ...{ id, paymentId, attemptId, kind, amount, pspKey: id, final: false, stray: true },
    ...(kind === 'refund' ? { reason: 'duplicate' as const } : {}),
    ...{ createdAt: at, changedAt: at, state: 'prepared' },
  };
}

/** Movements that an outcome brings with it have a history too: it begins here. */
function born(before: Sale, { purchase }: Settled, at: Instant): JournalEntry[] {
  const known = new Set(before.movements.map(({ id }) => id));
  return (purchase.sale?.movements ?? [])
    .filter(({ id }) => !known.has(id))
    .map(({ id, kind, state, stray }) => ({
      subject: id,
      at,
      from: null,
      to: state,
      because: stray ? `${kind} of money that is not for this order` : `${kind} with the authorisation`,
    }));
}

function whyUnwanted({ state, total }: Checkout, { request }: Attempt): Unwanted {
  if (state === 'canceled' || state === 'expired') return 'checkout_closed';
  return sameMoney(request.amount, total) ? 'paid_already' : 'amount_changed';
}

function atOnce(
  attempt: Attempt,
  amount: Money,
  pspReference: string,
  at: Instant,
  id: MovementId,
): Movement {
  return {
    id,
    paymentId: attempt.paymentId,
    attemptId: attempt.id,
    kind: 'capture',
    amount,
    pspKey: attempt.request.pspKey,
    final: true,
    stray: false,
    createdAt: at,
    changedAt: at,
    state: 'succeeded',
    pspReference,
  };
}

function earned(attempt: Attempt, capture: Movement): Posting {
  return {
    cause: capture.id,
    debit: `psp:${attempt.psp}:${attempt.pspAccount}`,
    credit: 'sales',
    amount: capture.amount,
  };
}
