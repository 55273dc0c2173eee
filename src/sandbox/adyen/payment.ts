import type { Card } from './card.ts';
import type { Amount } from './wire.ts';

/** What is known of a payment when it is asked for, and never changes. */
export type PaymentFacts = {
  readonly pspReference: string;
  readonly idempotencyKey: string;
  readonly merchantAccount: string;
  readonly reference: string;
  readonly amount: Amount;
  readonly card: Card;
  /** `additionalData.RequestedTestAcquirerResponseCode`. */
  readonly requestedCode: string;
  /** The stored card it is paid with, or empty. */
  readonly storedPaymentMethodId: string;
  /** Only authenticates; the merchant authorises elsewhere. */
  readonly authenticationOnly: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly shopperReference: string;
  readonly shopperInteraction: string;
  readonly recurringProcessingModel: string;
  readonly storesCard: boolean;
  readonly scaExemption: string;
  readonly returnUrl: string;
  readonly billing: { readonly country: string; readonly postalCode: string };
  readonly capture: CapturePlan;
  readonly at: number;
};

/** When the authorised amount is captured: at once, after some hours, or only when the merchant asks. */
export type CapturePlan =
  { readonly on: 'authorisation' | 'request' } | { readonly on: 'time'; readonly at: number };

/** The shopper's part that a payment waits for. `token` names the step and is worth one use. */
export type Step = {
  readonly kind: 'fingerprint' | 'challenge' | 'redirect';
  readonly token: string;
  /** Whether the issuer will ask for a challenge after the fingerprint. */
  readonly challenge: boolean;
};

/** What a 3-D Secure authentication ended with, here or at a server of the merchant's. */
export type Authentication = {
  readonly transStatus: string;
  readonly eci: string;
  readonly external: boolean;
};

/** One movement of money or of the right to it. `value` is in Adyen's minor units of the payment's currency. */
export type Movement = {
  readonly type: MovementType;
  readonly pspReference: string;
  /** The reference of the modification, dispute or payment that moved it. */
  readonly by: string;
  readonly idempotencyKey: string;
  readonly value: number;
  readonly currency: string;
  readonly at: number;
};

/**
 * - `authorised` and `adjusted` set what may be captured; `adjusted` carries the difference, which may be negative;
 * - `captured`, `refunded`, `charged_back` move money; `…_failed` and `…_reversed` take the same movement back;
 * - `cancelled` and `expired` give the rest of the authorisation back to the shopper.
 */
export type MovementType =
  | 'authorised'
  | 'adjusted'
  | 'captured'
  | 'capture_failed'
  | 'cancelled'
  | 'expired'
  | 'refunded'
  | 'refund_failed'
  | 'refund_reversed'
  | 'charged_back'
  | 'chargeback_reversed';

/** A payment as the ledger's records add up. */
export type Payment = PaymentFacts & {
  readonly state: PaymentState;
  readonly authorised: number;
  readonly captured: number;
  readonly refunded: number;
  /** What was released by cancellation, by a final partial capture, or by expiry. */
  readonly cancelled: number;
  readonly chargedBack: number;
  readonly disputeReference: string | undefined;
  readonly movements: readonly Movement[];
};

/**
 * - `waiting`: for the shopper; `/payments/details` takes it out, otherwise it stays (a shopper who never returns).
 * - `pending`: the acquirer has not answered; a script settles it.
 * - `concluded`: for good. What became of the money is in the movements.
 */
export type PaymentState =
  | { readonly is: 'waiting'; readonly step: Step }
  | { readonly is: 'pending'; readonly resultCode: 'Received' | 'Pending' }
  | { readonly is: 'concluded'; readonly conclusion: Conclusion };

export type Conclusion = {
  readonly resultCode:
    | 'Authorised'
    | 'PartiallyAuthorised'
    | 'Refused'
    | 'Error'
    | 'Cancelled'
    | 'AuthenticationFinished'
    | 'AuthenticationNotRequired';
  readonly refusalReason: string;
  readonly refusalReasonCode: string;
  readonly authentication: Authentication | undefined;
  /** The card kept for the shopper by this payment, or the one it was paid with; else empty. */
  readonly storedPaymentMethodId: string;
};

/** What may still be captured. */
export function openOf(payment: Payment): number {
  return payment.authorised - payment.captured - payment.cancelled;
}

/** What may still be refunded. */
export function refundableOf(payment: Payment): number {
  return payment.captured - payment.refunded;
}

/** How a movement changes the sums of its payment. */
export function withMovement(payment: Payment, movement: Movement): Payment {
  const { value } = movement;
  const movements = [...payment.movements, movement];
  const sums = { authorised: 0, captured: 0, refunded: 0, cancelled: 0, chargedBack: 0 };
  const signed: Readonly<Record<MovementType, Partial<typeof sums>>> = {
    authorised: { authorised: value },
    adjusted: { authorised: value },
    captured: { captured: value },
    capture_failed: { captured: -value },
    cancelled: { cancelled: value },
    expired: { cancelled: value },
    refunded: { refunded: value },
    refund_failed: { refunded: -value },
    refund_reversed: { refunded: -value },
    charged_back: { chargedBack: value },
    chargeback_reversed: { chargedBack: -value },
  };
  const change = { ...sums, ...signed[movement.type] };
  return {
    ...payment,
    movements,
    authorised: payment.authorised + change.authorised,
    captured: payment.captured + change.captured,
    refunded: payment.refunded + change.refunded,
    cancelled: payment.cancelled + change.cancelled,
    chargedBack: payment.chargedBack + change.chargedBack,
  };
}
