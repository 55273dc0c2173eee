import type { AttemptId, CheckoutId, MerchantId, MovementId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';

/** Names one request: the merchant and the digest of method, resource and idempotency key. */
export type RequestName = { readonly merchantId: MerchantId; readonly scope: string };

export type RequestKind =
  | 'create_checkout'
  | 'update_checkout'
  | 'confirm_checkout'
  | 'cancel_checkout'
  | 'capture_order'
  | 'cancel_order'
  | 'refund_order'
  | 'increment_order'
  | 'approve_review'
  | 'reject_review'
  | 'resolve_payment'
  | 'create_assessment'
  | 'label_order'
  | 'create_customer'
  | 'keep_payment_method';

export type NewRequest = RequestName & {
  readonly kind: RequestKind;
  readonly bodyDigest: string;
  readonly rawDigest: string;
  readonly openedAt: Instant;
};

/** A reply as it went, and goes again, over the wire. */
export type Reply = { readonly status: number; readonly body: string };

export type StoredRequest = {
  readonly bodyDigest: string;
  readonly openedAt: Instant;
  /** Null while the first request with this key is still running. */
  readonly reply: Reply | null;
};

export type RepliedRequest = NewRequest & { readonly reply: Reply };

export type AbandonedRequest = RequestName & {
  readonly kind: RequestKind;
  readonly checkoutId: CheckoutId;
  readonly subject: AttemptId | MovementId;
};
