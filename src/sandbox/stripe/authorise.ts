import type { Books } from './account.ts';
import { ApiError, invalid, missing, unexpectedState, type ErrorBody } from './api-error.ts';
import { cardOfToken, type Card } from './cards.ts';
import { declines, type Decline } from './declines.ts';
import { openDispute, reportFraud } from './disputes.ts';
import { newCharge, type Charge } from './objects/charge.ts';
import { nextAction } from './objects/next-action.ts';
import type { PaymentIntent } from './objects/payment-intent.ts';
import { newPaymentMethod, type PaymentMethod } from './objects/payment-method.ts';
import { fromExternal, ownAuthentication, type ThreeDSecure } from './three-d-secure.ts';

export function cardOf(method: PaymentMethod): Card {
  const card = cardOfToken(method.sandbox.token);
  if (card === undefined) throw new Error(`no card behind ${method.id}`);
  return card;
}

/** A payment method by its id, or a new one from a test token, as Stripe makes one each time such a token is used. */
export function methodFrom(books: Books, idOrToken: string): PaymentMethod {
  const stored = books.get('payment_method', idOrToken);
  if (stored?.sandbox.detached === true)
    throw invalid('The provided PaymentMethod was detached from a Customer and may not be used again.');
  if (stored !== undefined) return stored;
  const card = cardOfToken(idOrToken);
  if (card === undefined) throw missing('PaymentMethod', idOrToken, 'payment_method');
  return books.put(newPaymentMethod(books.newId('pm'), books.now, idOrToken, card));
}

type Confirmation = {
  readonly offSession: boolean;
  readonly returnUrl: string | undefined;
  readonly errorOnRequiresAction: boolean;
};

/** What has to happen between the buyer and the issuer before money may be asked for. */
export type Step = { do: 'challenge' } | { do: 'refuse' } | { do: 'proceed'; result: ThreeDSecure | null };

export function authenticationStep(
  card: Card,
  asked: 'automatic' | 'any' | 'challenge' | undefined,
  offSession: boolean,
  setUp: boolean,
  transactionId: string,
): Step {
  const proceed = (flow: ThreeDSecure['authentication_flow'], result: ThreeDSecure['result']): Step => ({
    do: 'proceed',
    result: ownAuthentication(flow, result, transactionId),
  });
  const wanted = asked === 'any' || asked === 'challenge';
  switch (card.authentication) {
    case 'required':
      return { do: offSession ? 'refuse' : 'challenge' };
    case 'unless_set_up':
    case 'set_up':
      if (!offSession) return { do: 'challenge' };
      return setUp ? { do: 'proceed', result: null } : { do: 'refuse' };
    case 'required_broken':
      return proceed(null, 'processing_error');
    case 'optional_broken':
      return wanted ? proceed(null, 'processing_error') : { do: 'proceed', result: null };
    case 'optional':
      if (asked === 'challenge' && !offSession) return { do: 'challenge' };
      return wanted ? proceed('frictionless', 'authenticated') : { do: 'proceed', result: null };
    case 'unenrolled':
      return wanted ? proceed(null, 'attempt_acknowledged') : { do: 'proceed', result: null };
    case 'never':
      return wanted ? proceed(null, 'not_supported') : { do: 'proceed', result: null };
    default:
      return card.authentication satisfies never;
  }
}

/** Confirms an intent that has a payment method. Throws the card error that the caller is answered with. */
export function confirm(books: Books, intent: PaymentIntent, how: Confirmation): PaymentIntent {
  if (intent.payment_method === null)
    throw unexpectedState(
      "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.",
      { payment_intent: intent },
    );
  const method = books.find('payment_method', intent.payment_method, 'payment_method');
  const card = cardOf(method);
  const options = intent.payment_method_options.card;
  if (options.three_d_secure !== undefined)
    return charge(books, intent, method, card, fromExternal(options.three_d_secure));
  const step = authenticationStep(
    card,
    options.request_three_d_secure,
    how.offSession,
    method.sandbox.set_up,
    books.newId('tds'),
  );
  switch (step.do) {
    case 'proceed':
      return charge(books, intent, method, card, step.result);
    case 'refuse':
      return refuse(books, intent, method, card, declines.authentication_required, null);
    case 'challenge': {
      if (how.errorOnRequiresAction)
        return refuse(books, intent, method, card, declines.authentication_required, null);
      const waiting = books.put<PaymentIntent>({
        ...intent,
        status: 'requires_action',
        next_action: nextAction(books.pageUrl(intent.id), how.returnUrl),
        last_payment_error: null,
      });
      books.emit('payment_intent.requires_action', waiting);
      return waiting;
    }
    default:
      return step satisfies never;
  }
}

/** The buyer came back from the challenge. */
export function authenticated(books: Books, intent: PaymentIntent, passed: boolean): PaymentIntent {
  const method = books.find('payment_method', intent.payment_method ?? '', 'payment_method');
  const card = cardOf(method);
  if (passed) {
    const result = ownAuthentication('challenge', 'authenticated', books.newId('tds'));
    return charge(books, intent, method, card, result);
  }
  const failed = books.put<PaymentIntent>({
    ...intent,
    status: 'requires_payment_method',
    next_action: null,
    payment_method: null,
    last_payment_error: {
      type: 'invalid_request_error',
      code: 'payment_intent_authentication_failure',
      doc_url: 'https://stripe.com/docs/error-codes/payment-intent-authentication-failure',
      message:
        'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
      payment_method: method,
    },
  });
  books.emit('payment_intent.payment_failed', failed);
  return failed;
}

/** Asks the issuer. */
function charge(
  books: Books,
  intent: PaymentIntent,
  method: PaymentMethod,
  card: Card,
  threeDSecure: ThreeDSecure | null,
): PaymentIntent {
  if (threeDSecure?.result === 'processing_error' && card.authentication === 'required_broken')
    return refuse(books, intent, method, card, declines.processing_error, threeDSecure);
  if (card.decline !== null) return refuse(books, intent, method, card, card.decline, threeDSecure);
  const made = books.put(newCharge(books.newId('ch'), books.now, intent, method, card, null, threeDSecure));
  const next: PaymentIntent = {
    ...intent,
    latest_charge: made.id,
    next_action: null,
    last_payment_error: null,
  };
  if (card.afterwards === 'settles_later') {
    books.put<Charge>({ ...made, status: 'pending', paid: false });
    const processing = books.put<PaymentIntent>({ ...next, status: 'processing' });
    books.emit('payment_intent.processing', processing);
    return processing;
  }
  return authorised(books, next, made);
}

/** The issuer said yes: the money is held, or taken at once. */
export function authorised(books: Books, intent: PaymentIntent, made: Charge): PaymentIntent {
  books.move('authorisation', made, made.amount);
  if (intent.setup_future_usage === 'off_session' && intent.payment_method !== null) {
    const method = books.find('payment_method', intent.payment_method);
    books.put({ ...method, customer: intent.customer, sandbox: { ...method.sandbox, set_up: true } });
  }
  if (intent.capture_method === 'manual') {
    const held = books.put<PaymentIntent>({
      ...intent,
      status: 'requires_capture',
      amount_capturable: intent.amount,
    });
    books.emit('charge.succeeded', made);
    books.emit('payment_intent.amount_capturable_updated', held);
    return held;
  }
  const taken = books.put<Charge>({
    ...made,
    captured: true,
    amount_captured: made.amount,
    balance_transaction: books.newId('txn'),
  });
  books.move('capture', taken, taken.amount);
  const paid = books.put<PaymentIntent>({
    ...intent,
    status: 'succeeded',
    amount_received: intent.amount,
  });
  books.emit('charge.succeeded', taken);
  books.emit('payment_intent.succeeded', paid);
  aftermath(books, taken);
  return paid;
}

/** What some test cards let follow a capture. */
export function aftermath(books: Books, taken: Charge): void {
  const method = books.get('payment_method', taken.payment_method);
  const afterwards = method === undefined ? 'nothing' : cardOf(method).afterwards;
  if (afterwards === 'dispute') openDispute(books, taken, 'fraudulent', 'needs_response');
  if (afterwards === 'dispute_not_received')
    openDispute(books, taken, 'product_not_received', 'needs_response');
  if (afterwards === 'inquiry') openDispute(books, taken, 'fraudulent', 'warning_needs_response');
  if (afterwards === 'fraud_report') reportFraud(books, taken, 'made_with_stolen_card');
}

/** The issuer, or the lack of an authentication, said no. */
function refuse(
  books: Books,
  intent: PaymentIntent,
  method: PaymentMethod,
  card: Card,
  decline: Decline,
  threeDSecure: ThreeDSecure | null,
): never {
  const made = books.put(
    newCharge(books.newId('ch'), books.now, intent, method, card, decline, threeDSecure),
  );
  books.move('decline', made, made.amount);
  const error: ErrorBody = {
    type: 'card_error',
    charge: made.id,
    ...decline,
    doc_url: `https://stripe.com/docs/error-codes/${decline.code.replaceAll('_', '-')}`,
    payment_method: method,
  };
  const failed = books.put<PaymentIntent>({
    ...intent,
    status: 'requires_payment_method',
    latest_charge: made.id,
    next_action: null,
    payment_method: null,
    last_payment_error: error,
  });
  books.emit('charge.failed', made);
  books.emit('payment_intent.payment_failed', failed);
  throw new ApiError(402, { ...error, payment_intent: failed });
}

export function requireCustomer(books: Books, id: string | undefined): void {
  if (id !== undefined && books.find('customer', id, 'customer').deleted === true)
    throw invalid(`No such customer: '${id}'`, 'resource_missing', 'customer');
}
