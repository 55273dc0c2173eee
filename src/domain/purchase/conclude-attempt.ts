import type { MovementId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import { type Money, sameMoney } from '../../kernel/money.ts';
import { unreachable } from '../../kernel/unreachable.ts';
import type { Checkout, CheckoutState } from '../checkout/checkout.ts';
import type { OrderState } from '../checkout/order.ts';
import type { EventFact, Unwanted } from '../events/event.ts';
import { type Attempt, type AttemptState, attemptTransitions } from '../payment/attempt.ts';
import { adviceFor } from '../payment/decline.ts';
import type { Movement } from '../payment/movement.ts';
import type { AttemptOutcome } from '../payment/outcome.ts';
import type { PaymentState } from '../payment/payment.ts';
import type { Posting } from '../payment/posting.ts';
import { liabilityOf } from '../sca/judge-authentication.ts';
import type { Purchase, Sale } from './purchase.ts';
import { type JournalEntry, type Step, orderData, step } from './step.ts';

/**
 * Applies what a PSP said about an attempt, whoever heard it: the call's answer, a webhook, the buyer's return or a
 * question we asked. Old news and repeated news change nothing and answer null.
 *
 * `newMovementId` is used when the PSP captured at once, or when the money came too late and has to go back.
 */
export function concludeAttempt(
  purchase: Purchase,
  attemptId: string,
  outcome: AttemptOutcome,
  at: Instant,
  newMovementId: () => MovementId,
): Step | null {
  const attempt = purchase.sale?.attempts.find((each) => each.id === attemptId);
  if (purchase.sale === undefined || attempt === undefined) return null;

  const next = nextState(attempt, outcome);
  if (!attemptTransitions[attempt.state].includes(next.state)) return null;

  const concluded: Attempt = { ...identity(attempt), ...next, changedAt: at };
  const sale: Sale = {
    ...purchase.sale,
    attempts: purchase.sale.attempts.map((each) => (each.id === attempt.id ? concluded : each)),
  };
  const journal = [
    { subject: attempt.id, at, from: attempt.state, to: next.state, because: describe(outcome) },
  ];

  if (concluded.state === 'authorized' && outcome.kind === 'authorized') {
    const settled = isWanted(purchase, attempt)
      ? accept(purchase, sale, concluded, outcome, at, newMovementId)
      : giveBack(purchase, sale, concluded, outcome, at, newMovementId);
    return step(settled.purchase, { ...settled, journal: [...journal, ...born(purchase, settled, at)] });
  }
  return follow(purchase, sale, concluded, at, journal);
}

/** Money is welcome while its checkout still waits for just as much and no other attempt has brought it. */
function isWanted({ checkout, sale }: Purchase, attempt: Attempt): boolean {
  const others = sale?.attempts.some(
    (each) =>
      each.id !== attempt.id &&
      each.state !== 'declined' &&
      each.state !== 'failed' &&
      each.state !== 'canceled',
  );
  return (
    checkout.state !== 'canceled' &&
    checkout.state !== 'expired' &&
    checkout.state !== 'completed' &&
    sameMoney(attempt.request.amount, checkout.total) &&
    others !== true
  );
}

type Settled = { purchase: Purchase; events: EventFact[]; postings: Posting[] };

/** Movements that an outcome brings with it have a history too: it begins here. */
function born(before: Purchase, { purchase }: Settled, at: Instant): JournalEntry[] {
  const known = new Set(before.sale?.movements.map(({ id }) => id));
  return (purchase.sale?.movements ?? [])
    .filter(({ id }) => !known.has(id))
    .map(({ id, kind, state, stray }) => ({
      subject: id,
      at,
      from: null,
      to: state,
      because: stray ? `${kind} of money that came too late or twice` : `${kind} with the authorisation`,
    }));
}

function accept(
  { checkout }: Purchase,
  sale: Sale,
  attempt: Attempt,
  outcome: AttemptOutcome & { kind: 'authorized' },
  at: Instant,
  newMovementId: () => MovementId,
): Settled {
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
}

/** The money came too late or twice: it is recorded, and a movement that returns it is prepared in the same step. */
function giveBack(
  { checkout }: Purchase,
  sale: Sale,
  attempt: Attempt,
  outcome: AttemptOutcome & { kind: 'authorized' },
  at: Instant,
  newMovementId: () => MovementId,
): Settled {
  const { captured } = outcome;
  const taken =
    captured === undefined
      ? null
      : { ...atOnce(attempt, captured, outcome.pspReference, at, newMovementId()), stray: true };
  const id = newMovementId();
  const back: Movement = {
    id,
    paymentId: sale.payment.id,
    attemptId: attempt.id,
    kind: taken === null ? 'void' : 'refund',
    amount: captured ?? outcome.amount,
    pspKey: id,
    final: false,
    ...(taken === null ? {} : { reason: 'duplicate' as const }),
    stray: true,
    createdAt: at,
    changedAt: at,
    state: 'prepared',
  };
  return {
    purchase: {
      checkout,
      sale: { ...sale, movements: [...sale.movements, ...(taken === null ? [] : [taken]), back] },
    },
    events: [
      {
        type: 'payment.unwanted',
        data: {
          ...orderData(checkout.id, sale),
          attemptId: attempt.id,
          because: whyUnwanted(checkout, attempt),
        },
      },
    ],
    postings: taken === null ? [] : [earned(attempt, taken)],
  };
}

function whyUnwanted({ state, total }: Checkout, { request }: Attempt): Unwanted {
  if (state === 'canceled' || state === 'expired') return 'checkout_closed';
  return sameMoney(request.amount, total) ? 'paid_already' : 'amount_changed';
}

/** Carries every other new state of the attempt over to the payment and the checkout. */
function follow(
  purchase: Purchase,
  sale: Sale,
  attempt: Attempt,
  at: Instant,
  journal: Step['journal'],
): Step {
  const { checkout } = purchase;
  const isCurrent = sale.attempts.at(-1)?.id === attempt.id;
  const waiting = checkout.state === 'processing' || checkout.state === 'requires_action';
  const [paymentState, checkoutState] = consequences(attempt.state);
  const moves = attempt.state === 'quarantined' || (isCurrent && waiting);
  const after: Sale = moves
    ? { ...sale, payment: { ...sale.payment, state: paymentState, changedAt: at } }
    : sale;
  return step(
    { checkout: isCurrent && waiting ? { ...checkout, state: checkoutState } : checkout, sale: after },
    { journal, events: announce(checkout.id, after, attempt) },
  );
}

function consequences(state: Attempt['state']): [PaymentState, CheckoutState] {
  switch (state) {
    case 'requires_action':
      return ['requires_action', 'requires_action'];
    case 'prepared':
    case 'pending':
    case 'unknown':
      return ['trying', 'processing'];
    case 'declined':
    case 'failed':
    case 'canceled':
      return ['open', 'open'];
    case 'quarantined':
      return ['quarantined', 'processing'];
    case 'authorized':
      return ['authorized', 'completed'];
    default:
      return unreachable(state);
  }
}

function announce(checkoutId: Purchase['checkout']['id'], sale: Sale, attempt: Attempt): EventFact[] {
  const data = { ...orderData(checkoutId, sale), attemptId: attempt.id };
  switch (attempt.state) {
    case 'requires_action':
      return [{ type: 'payment.requires_action', data }];
    case 'pending':
    case 'unknown':
      return [{ type: 'payment.pending', data }];
    case 'declined': {
      const { code } = attempt.decline;
      return [{ type: 'payment.declined', data: { ...data, code, advice: adviceFor(code) } }];
    }
    case 'failed':
    case 'canceled':
      return [{ type: 'payment.failed', data }];
    case 'quarantined':
      return [{ type: 'payment.quarantined', data }];
    case 'prepared':
    case 'authorized':
      return [];
    default:
      return unreachable(attempt);
  }
}

function nextState(attempt: Attempt, outcome: AttemptOutcome): AttemptState {
  switch (outcome.kind) {
    case 'authorized': {
      const mismatch = whyNotOurs(attempt, outcome.amount, outcome.captured);
      return mismatch === null
        ? {
            state: 'authorized',
            pspReference: outcome.pspReference,
            card: outcome.card,
            authentication: {
              ...outcome.authentication,
              liability: liabilityOf(attempt.request, outcome.authentication),
            },
          }
        : { state: 'quarantined', pspReference: outcome.pspReference, cause: mismatch };
    }
    case 'requires_action':
      return { state: 'requires_action', pspReference: outcome.pspReference, action: outcome.action };
    case 'pending':
      return { state: 'pending', pspReference: outcome.pspReference };
    case 'declined':
      return { state: 'declined', decline: outcome.decline, ...heardAs(outcome.pspReference) };
    case 'canceled':
      return { state: 'canceled', pspReference: outcome.pspReference };
    case 'unknown':
      return { state: 'unknown', cause: outcome.cause, ...heardAs(outcome.pspReference) };
    case 'not_sent':
      return { state: 'failed', cause: outcome.cause };
    default:
      return unreachable(outcome);
  }
}

/** Why a PSP's success cannot be this attempt's; null when it is. */
function whyNotOurs(attempt: Attempt, amount: Money, captured: Money | undefined): string | null {
  const asked = attempt.request.amount;
  if (!sameMoney(amount, asked)) {
    return `asked for ${asked.amount} ${asked.currency}, the PSP authorised ${amount.amount} ${amount.currency}`;
  }
  if (captured !== undefined && !sameMoney(captured, asked)) {
    return `asked for ${asked.amount} ${asked.currency}, the PSP captured ${captured.amount} ${captured.currency}`;
  }
  return null;
}

/** An attempt without the fields of its state. */
function identity({ id, paymentId, psp, pspAccount, request, createdAt, changedAt }: Attempt) {
  return { id, paymentId, psp, pspAccount, request, createdAt, changedAt };
}

function heardAs(pspReference: string | undefined) {
  return pspReference === undefined ? {} : { pspReference };
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

function describe(outcome: AttemptOutcome): string {
  switch (outcome.kind) {
    case 'declined':
      return `${outcome.decline.code} (${outcome.decline.raw})`;
    case 'unknown':
    case 'not_sent':
      return outcome.cause;
    case 'authorized':
    case 'requires_action':
    case 'pending':
    case 'canceled':
      return outcome.kind;
    default:
      return unreachable(outcome);
  }
}
