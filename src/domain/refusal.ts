/**
 * Every expected "no" of the product, as a value. Doors map each code to a status and a sentence; the type makes sure
 * that none is forgotten.
 */
export type Refusal = { readonly refused: RefusalCode; readonly detail: string; readonly pointer?: string };

export type RefusalCode =
  // who asks
  | 'not_found'
  // the same request again
  | 'idempotency_key_reused'
  | 'request_in_flight'
  // who may be a program
  | 'challenge_required'
  // the checkout
  | 'checkout_not_open'
  | 'checkout_expired'
  | 'checkout_processing'
  | 'no_psp_for_payment'
  | 'authentication_not_usable'
  | 'psp_unavailable'
  // customers
  | 'customer_exists'
  // the order's money
  | 'order_not_authorized'
  | 'order_held'
  | 'order_already_captured'
  | 'order_already_canceled'
  | 'order_has_captures'
  | 'order_not_captured'
  | 'capture_above_authorized'
  | 'refund_above_captured'
  | 'currency_mismatch'
  | 'movement_in_flight'
  | 'payment_quarantined'
  | 'payment_not_quarantined'
  | 'resolution_not_possible'
  // reviews
  | 'review_not_open'
  // lists and snoozes
  | 'entry_refused'
  // policies
  | 'policy_refused'
  | 'policy_conflict'
  | 'shadow_refused'
  // endpoints for events
  | 'webhook_url_refused'
  | 'webhook_endpoints_too_many'
  // what PSPs send
  | 'webhook_not_authentic';

export function refuse(refused: RefusalCode, detail: string, pointer?: string): Refusal {
  return pointer === undefined ? { refused, detail } : { refused, detail, pointer };
}

export function isRefusal(answer: object): answer is Refusal {
  return 'refused' in answer;
}
