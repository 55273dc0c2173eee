import type { AssessmentId, AttemptId, PaymentId } from '../../kernel/ids.ts';
import { type Instant, minuteMs } from '../../kernel/instant.ts';
import type { Money } from '../../kernel/money.ts';
import type { Exemption } from '../risk/assessment.ts';
import type { Decline } from './decline.ts';
import type { Authentication, Authorization, CardFacts, NextAction } from './outcome.ts';

export type PspName = 'stripe' | 'adyen';

/**
 * One try to authorise a payment at one PSP account. The row, with everything the call needs and the idempotency key
 * it is made with, is committed before the call, so that whoever comes after a crash can make exactly the same call.
 */
export type Attempt = {
  readonly id: AttemptId;
  readonly paymentId: PaymentId;
  readonly psp: PspName;
  /** Which of the merchant's accounts at that PSP. */
  readonly pspAccount: string;
  readonly request: AttemptRequest;
  readonly createdAt: Instant;
  /** When the state last changed. */
  readonly changedAt: Instant;
} & AttemptState;

export type AttemptState =
  /** Enters: recorded by confirm. Leaves: the PSP's outcome. Cleaned up by: the resume worker. */
  | { readonly state: 'prepared' }
  /** Enters: the issuer wants the buyer. Leaves: return route, webhook or asking. Cleaned up by: the settle worker after ten minutes. */
  | { readonly state: 'requires_action'; readonly pspReference: string; readonly action: NextAction }
  /** Enters: the PSP will tell later. Leaves: webhook or asking. Cleaned up by: the settle worker. */
  | { readonly state: 'pending'; readonly pspReference: string }
  /** Enters: no answer was heard. Leaves: asking. Cleaned up by: the settle worker, in quarantine where asking has an end. */
  | { readonly state: 'unknown'; readonly pspReference?: string; readonly cause: string }
  /** Money is reserved or taken. Terminal here: what follows are movements of the payment. */
  | {
      readonly state: 'authorized';
      readonly pspReference: string;
      readonly card: CardFacts;
      readonly authentication: Authentication;
      /** What the PSP authorised, where a person accepted another amount than was asked for, or gave it back. */
      readonly amount?: Money;
    }
  /** The answer was no. A late success may still overrule it. */
  | { readonly state: 'declined'; readonly pspReference?: string; readonly decline: Decline }
  /** The PSP certainly did not act. */
  | { readonly state: 'failed'; readonly cause: string }
  /** Given up by the buyer, by us or by time, before any money was reserved. A late success may still overrule it. */
  | { readonly state: 'canceled'; readonly pspReference?: string }
  /**
   * The PSP answered for another amount or currency, or never, until it could not be asked any more. Leaves: a person
   * resolves it; news of the PSP only where it had said nothing.
   */
  | {
      readonly state: 'quarantined';
      readonly pspReference?: string;
      readonly cause: string;
      readonly unheard?: true;
      /** Absent in rows of versions that kept the cause only. */
      readonly said?: Authorization;
    };

export type AttemptRequest = {
  /** The idempotency key at the PSP. Decided once; a retry after a crash uses the same. At most 64 characters (Adyen). */
  readonly pspKey: string;
  readonly amount: Money;
  /** The PSP's token of the payment method; never a card number. */
  readonly method: string;
  /** Whether the PSP captures with the authorisation. */
  readonly capture: boolean;
  /** The policy said review: once authorised, the order waits for a person before anything is captured. */
  readonly hold: boolean;
  /** Why this PSP account was chosen; kept for whoever asks later. */
  readonly routedBecause: string;
  /** Where the payment may go, in this order, when it is certain that this account has not charged. */
  readonly elsewhere?: readonly Elsewhere[];
  readonly assessmentId: AssessmentId;
  /** `challenge` asks the issuer to see the buyer; `automatic` leaves it to the regulation and the issuer. */
  readonly authentication: 'automatic' | 'challenge';
  readonly exemption?: Exemption;
  /** Where the browser comes back to after 3-D Secure. */
  readonly returnUrl?: string;
  /** The merchant starts this payment without the buyer, under an earlier mandate. */
  readonly initiator: 'buyer' | 'merchant';
  /** When the buyer confirmed, where that was not when the attempt was made; outcomes are counted as of then. */
  readonly happenedAt?: Instant;
  readonly networkTransactionId?: string;
  /** The PSP's own id of the customer whose stored method this is. */
  readonly pspCustomer?: string;
  /** Keep the method for later payments of this customer. */
  readonly storeMethod?: boolean;
  /** The result of a 3-D Secure server outside the PSP. */
  readonly external3ds?: {
    readonly version: string;
    readonly eci: string;
    readonly cavv: string;
    readonly dsTransId: string;
  };
};

/** Another account that can take the payment, with the token of the buyer's method there. */
export type Elsewhere = {
  readonly psp: PspName;
  readonly account: string;
  readonly method: string;
  readonly because: string;
};

/** A challenge session ends after about ten minutes (EMV 3-D Secure); what is not finished then is given up. */
export const actionForMs = 10 * minuteMs;

/** From which state an attempt may go where. States without a way out are terminal. */
export const attemptTransitions: Readonly<Record<AttemptState['state'], readonly AttemptState['state'][]>> = {
  prepared: [
    'requires_action',
    'pending',
    'unknown',
    'authorized',
    'declined',
    'failed',
    'canceled',
    'quarantined',
  ],
  requires_action: ['pending', 'unknown', 'authorized', 'declined', 'canceled', 'quarantined'],
  pending: ['requires_action', 'authorized', 'declined', 'canceled', 'quarantined'],
  unknown: ['requires_action', 'pending', 'authorized', 'declined', 'failed', 'canceled', 'quarantined'],
  declined: ['authorized', 'quarantined'],
  canceled: ['authorized', 'quarantined'],
  failed: ['authorized', 'quarantined'],
  authorized: [],
  quarantined: ['authorized', 'declined', 'failed', 'canceled', 'quarantined'],
};

/** Whether the PSP may still be about to say something about this attempt. */
export function isLive(attempt: Attempt): boolean {
  return ['prepared', 'requires_action', 'pending', 'unknown'].includes(attempt.state);
}
