import type { RefusalCode } from '../domain/refusal.ts';
import type { ProblemEntry } from './problem-entry.ts';

/** What each expected "no" of the product is over HTTP. The type makes sure that none is forgotten. */
export const refusalCatalogue = {
  not_found: {
    status: 404,
    title: 'Nothing is here',
    explanation: 'There is no such route or object, or it belongs to somebody else; the answer is the same.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The key was used with another body',
    explanation: 'An Idempotency-Key names one request; this one was first sent with a different body.',
  },
  request_in_flight: {
    status: 409,
    title: 'The first request is still running',
    explanation:
      'The same Idempotency-Key is being worked on; repeat the call after Retry-After to get its reply.',
  },
  challenge_required: {
    status: 403,
    title: 'A proof is needed first',
    explanation:
      'Solve the challenge that comes with the problem, or a fresh one (GET /v1/challenges), and repeat the call with its solution.',
  },
  checkout_not_open: {
    status: 409,
    title: 'The checkout is closed',
    explanation: 'The checkout has been completed or canceled; create a new one.',
  },
  checkout_expired: {
    status: 409,
    title: 'The checkout has expired',
    explanation: 'A checkout can be paid for 24 hours; create a new one.',
  },
  checkout_processing: {
    status: 409,
    title: 'A payment is under way',
    explanation:
      'A payment of this checkout has not been settled yet; read the checkout to see what became of it.',
  },
  no_psp_for_payment: {
    status: 422,
    title: 'No PSP takes this payment',
    explanation: 'None of the merchant’s PSP accounts takes this currency and amount.',
  },
  authentication_not_usable: {
    status: 422,
    title: 'The authentication is not enough',
    explanation:
      'The result of the external 3-D Secure server does not let the payment go on: the issuer said no, or the ' +
      'challenge is not over.',
  },
  psp_unavailable: {
    status: 503,
    title: 'The PSP was not heard',
    explanation: 'Nothing was decided; repeat the call with the same Idempotency-Key.',
  },
  customer_exists: {
    status: 409,
    title: 'There is such a customer',
    explanation: 'A reference names one customer; another one has it.',
  },
  order_not_authorized: {
    status: 409,
    title: 'The order is not authorised',
    explanation: 'No money is reserved for this order, so none can be captured or released.',
  },
  order_held: {
    status: 409,
    title: 'The order is held for review',
    explanation: 'A reviewer has to approve or reject it before money moves.',
  },
  order_already_captured: {
    status: 409,
    title: 'The order has been captured',
    explanation: 'Nothing is left to capture or release; refund it instead.',
  },
  order_already_canceled: {
    status: 409,
    title: 'The order has been canceled',
    explanation: 'Its authorisation has been released.',
  },
  order_has_captures: {
    status: 409,
    title: 'A part has been captured',
    explanation: 'An order with captured money cannot be canceled; refund it, or let the rest expire.',
  },
  order_not_captured: {
    status: 409,
    title: 'Nothing has been captured',
    explanation: 'Only captured money can be refunded; cancel the order instead.',
  },
  capture_above_authorized: {
    status: 422,
    title: 'More than is authorised',
    explanation: 'All captures together may not exceed the authorised amount.',
  },
  refund_above_captured: {
    status: 422,
    title: 'More than was captured',
    explanation: 'All refunds together may not exceed the captured amount.',
  },
  currency_mismatch: {
    status: 422,
    title: 'Another currency',
    explanation: 'An order’s money moves in the order’s currency.',
  },
  movement_in_flight: {
    status: 409,
    title: 'Another movement is under way',
    explanation: 'A capture or cancellation of this order has not been settled yet.',
  },
  payment_quarantined: {
    status: 409,
    title: 'The payment is quarantined',
    explanation:
      'A PSP reported something that does not match this order; nothing moves until a person has looked.',
  },
  payment_not_quarantined: {
    status: 409,
    title: 'The payment is not quarantined',
    explanation: 'There is nothing to resolve: no PSP contradicts this order, or somebody has resolved it.',
  },
  resolution_not_possible: {
    status: 409,
    title: 'It cannot be resolved so',
    explanation:
      'The order cannot carry what the PSP did, or there is nothing to give back; the detail says which of the other ' +
      'resolutions can be.',
  },
  review_not_open: {
    status: 409,
    title: 'There is nothing to review',
    explanation: 'The order is not held for review, or somebody has decided already.',
  },
  entry_refused: {
    status: 422,
    title: 'That cannot be listed or snoozed',
    explanation:
      'The value, the rule, the assessment or the expiry does not make an entry; `errors` says which.',
  },
  policy_refused: {
    status: 422,
    title: 'The policy has mistakes',
    explanation: 'The draft does not compile; `POST /v1/policies/check` names every mistake with its place.',
  },
  policy_conflict: {
    status: 409,
    title: 'Another policy is in force',
    explanation:
      'What is in force is not what the call wants to replace, or there is nothing to roll back; read it again with ' +
      '`GET /v1/policies/{event}`.',
  },
  shadow_refused: {
    status: 409,
    title: 'The draft cannot be tried',
    explanation: 'There is a challenger of this name, or the merchant tries too many drafts at once.',
  },
  webhook_url_refused: {
    status: 422,
    title: 'Events cannot be sent to this URL',
    explanation:
      'Endpoints are https URLs on port 443 or 8443, on hosts of the public internet, without user name or password.',
  },
  webhook_endpoints_too_many: {
    status: 409,
    title: 'There are too many endpoints',
    explanation: 'Remove one first; one endpoint can take all types of events.',
  },
  webhook_not_authentic: {
    status: 401,
    title: 'The signature does not fit',
    explanation: 'The webhook is not signed with a secret of this account, or not recently.',
  },
} as const satisfies Readonly<Record<RefusalCode, ProblemEntry>>;
