import type { MovementId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import { sameMoney } from '../../kernel/money.ts';
import { unreachable } from '../../kernel/unreachable.ts';
import type { CheckoutState } from '../checkout/checkout.ts';
import type { EventFact } from '../events/event.ts';
import { type Attempt, type AttemptState, attemptTransitions } from '../payment/attempt.ts';
import { adviceFor } from '../payment/decline.ts';
import type { AttemptOutcome, Authorization } from '../payment/outcome.ts';
import type { PaymentState } from '../payment/payment.ts';
import type { Purchase, Sale } from './purchase.ts';
import { giveBack, isWanted, keepMoney, receiveMoney } from './receive-money.ts';
import { type Step, orderData, step } from './step.ts';

/**
 * Applies what a PSP said about an attempt, whoever heard it: the call's answer, a webhook, the buyer's return or a
 * question we asked. Old news and repeated news change nothing and answer null; so do news that contradict what is
 * quarantined, which only a person takes out. What was never heard of is concluded by its first news.
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
  if (attempt.state === 'quarantined' && attempt.unheard !== true) return null;
  return applyOutcome(purchase, purchase.sale, attempt, outcome, at, newMovementId);
}

/** What an outcome makes of an attempt; null where the attempt's state does not lead there. */
export function applyOutcome(
  purchase: Purchase,
  sale: Sale,
  attempt: Attempt,
  outcome: AttemptOutcome,
  at: Instant,
  newMovementId: () => MovementId,
): Step | null {
  const leadsTo = attemptTransitions[attempt.state];
  if (outcome.kind === 'authorized' && whyNotOurs(attempt, outcome) === null) {
    if (!leadsTo.includes('authorized')) return null;
    const receive = isWanted(purchase, attempt) ? keepMoney : giveBack;
    return receiveMoney(purchase, sale, attempt, outcome, receive, at, newMovementId);
  }
  const next = nextState(attempt, outcome);
  if (!leadsTo.includes(next.state)) return null;
  const concluded: Attempt = { ...identity(attempt), ...next, changedAt: at };
  const attempts = sale.attempts.map((each) => (each.id === attempt.id ? concluded : each));
  const because = describe(outcome);
  return follow(purchase, { ...sale, attempts }, concluded, at, [
    { subject: attempt.id, at, from: attempt.state, to: next.state, because },
  ]);
}

/** Carries every other new state of the attempt over to the payment and the checkout, unless something else is in doubt. */
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
  const isFree = ![...sale.attempts, ...sale.movements].some(({ state }) => state === 'quarantined');
  const moves = attempt.state === 'quarantined' || (isCurrent && waiting && isFree);
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
      const { pspReference, amount, captured, card, authentication } = outcome;
      const said = { amount, ...(captured === undefined ? {} : { captured }), card, authentication };
      return { state: 'quarantined', pspReference, cause: whyNotOurs(attempt, outcome) ?? '', said };
    }
    case 'requires_action':
      return { state: 'requires_action', pspReference: outcome.pspReference, action: outcome.action };
    case 'pending':
      return { state: 'pending', pspReference: outcome.pspReference };
    case 'declined':
      return { state: 'declined', decline: outcome.decline, ...heardAs(outcome.pspReference) };
    case 'canceled':
      return { state: 'canceled', ...heardAs(outcome.pspReference) };
    case 'unknown':
      return { state: 'unknown', cause: outcome.cause, ...heardAs(outcome.pspReference) };
    case 'unheard': {
      const { pspReference } = { pspReference: undefined, ...attempt };
      return { state: 'quarantined', unheard: true, cause: outcome.cause, ...heardAs(pspReference) };
    }
    case 'not_sent':
      return { state: 'failed', cause: outcome.cause };
    default:
      return unreachable(outcome);
  }
}

/** Why a PSP's success cannot be this attempt's; null when it is. */
function whyNotOurs(
  { request: { amount: asked } }: Attempt,
  { amount, captured }: Authorization,
): string | null {
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

function describe(outcome: AttemptOutcome): string {
  switch (outcome.kind) {
    case 'declined':
      return `${outcome.decline.code} (${outcome.decline.raw})`;
    case 'unknown':
    case 'unheard':
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
