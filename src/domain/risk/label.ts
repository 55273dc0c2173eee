import type { CheckoutId, LabelId, MerchantId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';

/** What turned out to be true of a purchase, and since when that is known. Append-only: a later one overrules. */
export type Label = LabelFact & {
  readonly id: LabelId;
  readonly merchantId: MerchantId;
  readonly checkoutId: CheckoutId;
  /** When the buyer paid. */
  readonly happenedAt: Instant;
  readonly knownAt: Instant;
};

export type LabelFact = {
  readonly fraud: boolean;
  readonly source: LabelSource;
  /** An issuer's or a scheme's word is `strong`; the merchant's own guess is `weak`. */
  readonly strength: 'strong' | 'weak';
  /** What says so; each says it once. */
  readonly reference: string;
};

/** Where a purchase stands among those that nobody has contested, the longest quiet first. */
export type QuietSince = { readonly at: Instant; readonly checkoutId: string };

/** `quiet`: captured, and nobody has said anything against it for months. */
export type LabelSource = 'dispute' | 'fraud_report' | 'refund' | 'review' | 'api' | 'quiet';
