import type { Money } from '../../kernel/money.ts';
import type { Decline } from './decline.ts';

/**
 * What a PSP said about an attempt. A call that failed says whether the request left:
 * - `not_sent`: it is certain that the PSP did not act; the same call may be made again, here or elsewhere.
 * - `unknown`: the request left and no answer was heard; only asking the PSP can settle it.
 * - `unheard`: it is unknown and the PSP cannot be asked any more; its own messages or a person settle it.
 * Everything else was answered.
 */
export type AttemptOutcome =
  | {
      readonly kind: 'authorized';
      readonly pspReference: string;
      readonly amount: Money;
      /** What the PSP captured at once; absent when the capture is ours to ask for. */
      readonly captured?: Money;
      readonly card: CardFacts;
      readonly authentication: Authentication;
    }
  | { readonly kind: 'requires_action'; readonly pspReference: string; readonly action: NextAction }
  | { readonly kind: 'pending'; readonly pspReference: string }
  | {
      readonly kind: 'declined';
      readonly pspReference?: string;
      readonly decline: Decline;
      readonly card: CardFacts;
    }
  | { readonly kind: 'canceled'; readonly pspReference?: string }
  | { readonly kind: 'unknown'; readonly pspReference?: string; readonly cause: string }
  | { readonly kind: 'unheard'; readonly cause: string }
  | { readonly kind: 'not_sent'; readonly cause: string };

/** What a PSP said that it reserved or took, and for whom. */
export type Authorization = Omit<AttemptOutcome & { kind: 'authorized' }, 'kind' | 'pspReference'>;

/** What a PSP said about a capture, void, refund or increment. */
export type MovementOutcome =
  | { readonly kind: 'succeeded'; readonly pspReference: string; readonly amount: Money }
  /** Accepted; the truth arrives later by webhook (every Adyen modification, some Stripe refunds). */
  | { readonly kind: 'pending'; readonly pspReference: string }
  | { readonly kind: 'failed'; readonly pspReference?: string; readonly raw: string }
  /** It came to nothing for good: a bank or the scheme took back even a success, whether or not we have heard of it. */
  | { readonly kind: 'reversed'; readonly pspReference: string; readonly raw: string }
  | { readonly kind: 'unknown'; readonly cause: string }
  | { readonly kind: 'not_sent'; readonly cause: string };

/** What the buyer has to do before the payment can go on. */
export type NextAction =
  /** Send the browser there; it comes back to the checkout's return route. */
  | { readonly kind: 'redirect'; readonly url: string }
  /** Hand this to the PSP's own browser library (Stripe's client secret, Adyen's action object). */
  | { readonly kind: 'psp_library'; readonly data: Readonly<Record<string, unknown>> };

/** What the PSP tells about the card; every field is optional because every PSP leaves some out. */
export type CardFacts = {
  readonly fingerprint?: string;
  readonly bin?: string;
  readonly last4?: string;
  readonly brand?: string;
  /** ISO 3166-1 alpha-2 of the issuer. */
  readonly country?: string;
  readonly funding?: 'credit' | 'debit' | 'prepaid' | 'unknown';
  readonly networkTransactionId?: string;
  readonly avs?: 'match' | 'partial' | 'no_match';
  readonly cvc?: 'match' | 'no_match';
  /** Stripe Radar's score, 0…99. */
  readonly stripeRiskScore?: number;
  /** Adyen's account score, 0…100. */
  readonly adyenScore?: number;
};

/** How the buyer was authenticated, and who bears the loss if it was fraud. */
export type Authentication = {
  readonly method: 'none' | 'frictionless' | 'challenge' | 'exempted' | 'external';
  /** Electronic commerce indicator, as the scheme wrote it: 05/02 full, 06/01 attempted, 07/00 none. */
  readonly eci?: string;
  readonly liability: 'merchant' | 'issuer';
};
