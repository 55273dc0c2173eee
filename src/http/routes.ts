import type { Route } from './route.ts';
import { approveReview } from './routes/approve-review.ts';
import { cancelCheckout } from './routes/cancel-checkout.ts';
import { cancelOrder } from './routes/cancel-order.ts';
import { captureOrder } from './routes/capture-order.ts';
import { changeWebhookEndpoint } from './routes/change-webhook-endpoint.ts';
import { confirmCheckout } from './routes/confirm-checkout.ts';
import { createAssessment } from './routes/create-assessment.ts';
import { createChallenge } from './routes/create-challenge.ts';
import { createCheckout } from './routes/create-checkout.ts';
import { createWebhookEndpoint } from './routes/create-webhook-endpoint.ts';
import { getAssessment } from './routes/get-assessment.ts';
import { getCheckout } from './routes/get-checkout.ts';
import { getLimitsProfile } from './routes/get-limits-profile.ts';
import { getOrder } from './routes/get-order.ts';
import { getPayment } from './routes/get-payment.ts';
import { getWebhookEndpoint } from './routes/get-webhook-endpoint.ts';
import { labelOrder } from './routes/label-order.ts';
import { listAssessments } from './routes/list-assessments.ts';
import { listDeliveries } from './routes/list-deliveries.ts';
import { listDisputes } from './routes/list-disputes.ts';
import { listEvents } from './routes/list-events.ts';
import { listLabels } from './routes/list-labels.ts';
import { listReviews } from './routes/list-reviews.ts';
import { listWebhookEndpointDeliveries } from './routes/list-webhook-endpoint-deliveries.ts';
import { listWebhookEndpoints } from './routes/list-webhook-endpoints.ts';
import { refundOrder } from './routes/refund-order.ts';
import { rejectReview } from './routes/reject-review.ts';
import { removeWebhookEndpoint } from './routes/remove-webhook-endpoint.ts';
import { replayWebhookEndpointDeliveries } from './routes/replay-webhook-endpoint-deliveries.ts';
import { rotateWebhookEndpointSecret } from './routes/rotate-webhook-endpoint-secret.ts';
import { solveChallenge } from './routes/solve-challenge.ts';
import { updateCheckout } from './routes/update-checkout.ts';
import { createCustomer } from './routes/create-customer.ts';
import { getCustomer } from './routes/get-customer.ts';
import { createPaymentMethod } from './routes/create-payment-method.ts';
import { completePaymentMethod } from './routes/complete-payment-method.ts';
import { listPaymentMethods } from './routes/list-payment-methods.ts';
import { removePaymentMethod } from './routes/remove-payment-method.ts';
import { listQuarantine } from './routes/list-quarantine.ts';
import { resolvePayment } from './routes/resolve-payment.ts';
import { retryDelivery } from './routes/retry-delivery.ts';
import { incrementOrder } from './routes/increment-order.ts';
import { listLists } from './routes/list-lists.ts';
import { listEntries } from './routes/list-entries.ts';
import { addListEntry } from './routes/add-list-entry.ts';
import { findListEntry } from './routes/find-list-entry.ts';
import { removeListEntry } from './routes/remove-list-entry.ts';
import { listSnoozes } from './routes/list-snoozes.ts';
import { addSnooze } from './routes/add-snooze.ts';
import { removeSnooze } from './routes/remove-snooze.ts';
import { listPolicies } from './routes/list-policies.ts';
import { getPolicy } from './routes/get-policy.ts';
import { checkPolicy } from './routes/check-policy.ts';
import { backtestPolicy } from './routes/backtest-policy.ts';
import { activatePolicy } from './routes/activate-policy.ts';
import { rollBackPolicy } from './routes/roll-back-policy.ts';
import { listShadows } from './routes/list-shadows.ts';
import { addShadow } from './routes/add-shadow.ts';
import { removeShadow } from './routes/remove-shadow.ts';

/** Every operation of the API, in the order of the documentation. */
export const routes: readonly Route[] = [
  createCheckout,
  getCheckout,
  updateCheckout,
  confirmCheckout,
  cancelCheckout,
  createCustomer,
  getCustomer,
  createPaymentMethod,
  completePaymentMethod,
  listPaymentMethods,
  removePaymentMethod,
  getOrder,
  captureOrder,
  incrementOrder,
  cancelOrder,
  refundOrder,
  getPayment,
  listQuarantine,
  resolvePayment,
  listDisputes,
  listDeliveries,
  retryDelivery,
  labelOrder,
  listLabels,
  createAssessment,
  listAssessments,
  getAssessment,
  createChallenge,
  solveChallenge,
  listReviews,
  approveReview,
  rejectReview,
  getLimitsProfile,
  listLists,
  listEntries,
  addListEntry,
  findListEntry,
  removeListEntry,
  listSnoozes,
  addSnooze,
  removeSnooze,
  listPolicies,
  getPolicy,
  checkPolicy,
  backtestPolicy,
  activatePolicy,
  rollBackPolicy,
  listShadows,
  addShadow,
  removeShadow,
  listEvents,
  createWebhookEndpoint,
  listWebhookEndpoints,
  getWebhookEndpoint,
  changeWebhookEndpoint,
  removeWebhookEndpoint,
  rotateWebhookEndpointSecret,
  listWebhookEndpointDeliveries,
  replayWebhookEndpointDeliveries,
];
