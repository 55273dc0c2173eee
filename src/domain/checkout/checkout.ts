import type { AssessmentId, CheckoutId, CustomerId, MerchantId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { Money } from '../../kernel/money.ts';
import type { CaptureMode } from '../payment/payment.ts';
import type { Address } from '../risk/signals.ts';

/**
 * What a buyer is about to buy and pay. Root of a purchase: every change to the order, payment, attempts and movements
 * below it moves `version`, so two writers never both win.
 */
export type Checkout = {
  readonly id: CheckoutId;
  readonly merchantId: MerchantId;
  readonly state: CheckoutState;
  readonly total: Money;
  readonly captureMode: CaptureMode;
  /** Manual capture: captured by itself so long after the authorisation, unless the merchant did before. */
  readonly captureAfterMs?: number;
  readonly buyer: Buyer;
  /** Where the browser comes back to after 3-D Secure; the shop's own page. */
  readonly returnUrl?: string;
  /** The shop's own words about this checkout, up to 20 entries; returned, never read. */
  readonly metadata: Readonly<Record<string, string>>;
  /** SHA-256 of the client secret: a browser proves with the secret that the shop gave it this checkout. */
  readonly clientSecretHash: string;
  /** The latest risk decision on this checkout. */
  readonly assessmentId?: AssessmentId;
  readonly createdAt: Instant;
  readonly expiresAt: Instant;
  readonly version: number;
};

/** Personal data: kept in one erasable column, never in logs or counters; in events only what the merchant lets in. */
export type Buyer = {
  readonly customerId?: CustomerId;
  /** The shop's own id of the customer. */
  readonly reference?: string;
  readonly email?: string;
  readonly name?: string;
  readonly phone?: string;
  readonly accountCreatedAt?: Instant;
  readonly billing?: Address;
  readonly shipping?: Address;
};

export type CheckoutState =
  /** Enters: created, or the last try was declined or blocked. Leaves: confirm, cancel, expiry. */
  | 'open'
  /** Enters: confirm recorded an attempt. Leaves: its outcome; the resume and settle workers see to it. */
  | 'processing'
  /** Enters: the issuer wants the buyer. Leaves: return route, webhook, asking; after ten minutes back to `open`. */
  | 'requires_action'
  /** The payment is authorised or captured; what follows concerns the order. */
  | 'completed'
  | 'canceled'
  /** Nobody confirmed in time. */
  | 'expired';

export const checkoutTransitions: Readonly<Record<CheckoutState, readonly CheckoutState[]>> = {
  open: ['processing', 'completed', 'canceled', 'expired'],
  processing: ['open', 'requires_action', 'completed', 'canceled'],
  requires_action: ['open', 'processing', 'completed', 'canceled', 'expired'],
  completed: [],
  canceled: [],
  expired: [],
};
