import type Stripe from 'stripe';
import type { AttemptOutcome, NextAction } from '../../domain/payment/outcome.ts';
import type { Money } from '../../kernel/money.ts';
import { unreachable } from '../../kernel/unreachable.ts';
import { fromPspAmount, stripeExponents, toPspAmount } from '../currency-exponents.ts';
import type { AttemptSubject } from '../psp.ts';
import { declineFromStripe } from './decline-codes.ts';
import { authenticationFromStripe, cardFactsFromStripe, intentSchema, type WireIntent } from './wire.ts';

/**
 * The PaymentIntent that an attempt is, created and confirmed in one call; null when the amount cannot be written in
 * Stripe's minor units.
 *
 * Everything but the e-mail address comes from the attempt's row, so that whoever resumes makes the same call. (Another
 * body under the same key is answered with an idempotency error, which is heard as `unknown`, never as a new charge.)
 *
 * Exemptions: Stripe requests TRA and low value by itself and takes no wish for them, except together with the result
 * of an external 3-D Secure server; a payment that the merchant starts is `off_session`, and Stripe adds the network
 * transaction id of the stored method.
 */
export function attemptToStripe(subject: AttemptSubject): Stripe.PaymentIntentCreateParams | null {
  const { attempt, email } = subject;
  const { request } = attempt;
  const amount = toPspAmount(request.amount, stripeExponents);
  if (amount === null) return null;
  return {
    amount,
    currency: request.amount.currency.toLowerCase(),
    payment_method: request.method,
    allowed_payment_method_types: ['card'],
    confirm: true,
    capture_method: request.capture ? 'automatic' : 'manual',
    metadata: {
      tillgate_merchant: subject.merchantId,
      tillgate_order: subject.orderId,
      tillgate_checkout: subject.checkoutId,
      tillgate_attempt: attempt.id,
    },
    payment_method_options: { card: cardOptions(subject) },
    expand: ['latest_charge'],
    ...(request.returnUrl !== undefined && { return_url: request.returnUrl }),
    ...(request.initiator === 'merchant' && { off_session: true }),
    ...(request.pspCustomer !== undefined && { customer: request.pspCustomer }),
    ...(request.storeMethod === true && { setup_future_usage: 'off_session' }),
    ...(email !== undefined && { receipt_email: email }),
  };
}

function cardOptions({
  attempt: { request },
}: AttemptSubject): Stripe.PaymentIntentCreateParams.PaymentMethodOptions.Card {
  const external = request.external3ds;
  return {
    ...(request.authentication === 'challenge' && { request_three_d_secure: 'challenge' }),
    ...(!request.capture && {
      request_multicapture: 'if_available',
      request_incremental_authorization: 'if_available',
    }),
    ...(external !== undefined && {
      three_d_secure: {
        version: external.version,
        cryptogram: external.cavv,
        transaction_id: external.dsTransId,
        electronic_commerce_indicator: external.eci,
        ...(request.exemption === 'transaction_risk_analysis' && { exemption_indicator: 'low_risk' }),
      },
    }),
  };
}

/** What a PaymentIntent says about the attempt it was made for. Amounts and ids are Stripe's own, never ours. */
export function attemptFromStripe(answer: unknown, subject?: AttemptSubject): AttemptOutcome {
  const read = intentSchema.safeParse(answer);
  if (!read.success) return { kind: 'unknown', cause: 'the answer is not a PaymentIntent' };
  const intent = read.data;
  const ours = subject?.attempt.id;
  if (ours !== undefined && intent.metadata['tillgate_attempt'] !== ours) {
    return { kind: 'unknown', cause: `the answer is about another attempt: ${intent.id}` };
  }
  return outcomeOf(intent);
}

function outcomeOf(intent: WireIntent): AttemptOutcome {
  const pspReference = intent.id;
  switch (intent.status) {
    case 'succeeded':
    case 'requires_capture':
      return authorized(intent);
    case 'requires_action':
      return { kind: 'requires_action', pspReference, action: actionOf(intent) };
    case 'canceled':
      return { kind: 'canceled', pspReference };
    case 'requires_payment_method': {
      const error = intent.last_payment_error;
      if (error === undefined) return { kind: 'pending', pspReference };
      const decline = declineFromStripe(error.decline_code ?? error.code ?? 'card_declined');
      return {
        kind: 'declined',
        pspReference,
        decline,
        card: cardFactsFromStripe(error.payment_method?.card),
      };
    }
    // Created but not confirmed happens when the confirmation failed inside Stripe: it is not settled until canceled.
    case 'requires_confirmation':
    case 'processing':
      return { kind: 'pending', pspReference };
    default:
      return unreachable(intent.status);
  }
}

function authorized(intent: WireIntent): AttemptOutcome {
  const pspReference = intent.id;
  const amount = moneyFromStripe(intent.amount, intent.currency);
  const captured = moneyFromStripe(intent.amount_received, intent.currency);
  if (amount === null || captured === null) {
    return { kind: 'unknown', pspReference, cause: `no such amount: ${intent.amount} ${intent.currency}` };
  }
  const charge = typeof intent.latest_charge === 'object' ? intent.latest_charge : undefined;
  const card = charge?.payment_method_details?.card;
  return {
    kind: 'authorized',
    pspReference,
    amount,
    ...(intent.status === 'succeeded' && intent.capture_method !== 'manual' && { captured }),
    card: cardFactsFromStripe(card, charge?.outcome?.risk_score),
    authentication: authenticationFromStripe(card),
  };
}

/** With a return URL Stripe always offers a page of its own; its browser library is for those who gave none. */
function actionOf(intent: WireIntent): NextAction {
  const url = intent.next_action?.redirect_to_url?.url;
  if (url !== undefined) return { kind: 'redirect', url };
  return { kind: 'psp_library', data: { psp: 'stripe', client_secret: intent.client_secret ?? '' } };
}

export function moneyFromStripe(amount: number, currency: string): Money | null {
  return fromPspAmount(amount, currency, stripeExponents);
}
