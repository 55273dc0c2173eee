import type { Route } from "./route.ts";
import { approveReview } from "./routes/approve-review.ts";
import { cancelCheckout } from "./routes/cancel-checkout.ts";
import { cancelOrder } from "./routes/cancel-order.ts";
import { captureOrder } from "./routes/capture-order.ts";
import { confirmCheckout } from "./routes/confirm-checkout.ts";
import { createAssessment } from "./routes/create-assessment.ts";
import { createChallenge } from "./routes/create-challenge.ts";
import { createCheckout } from "./routes/create-checkout.ts";
import { getAssessment } from "./routes/get-assessment.ts";
import { getCheckout } from "./routes/get-checkout.ts";
import { getOrder } from "./routes/get-order.ts";
import { getPayment } from "./routes/get-payment.ts";
import { labelOrder } from "./routes/label-order.ts";
import { listDeliveries } from "./routes/list-deliveries.ts";
import { listDisputes } from "./routes/list-disputes.ts";
import { listEvents } from "./routes/list-events.ts";
import { listLabels } from "./routes/list-labels.ts";
import { listReviews } from "./routes/list-reviews.ts";
import { refundOrder } from "./routes/refund-order.ts";
import { rejectReview } from "./routes/reject-review.ts";
import { solveChallenge } from "./routes/solve-challenge.ts";

/** Every operation of the API, in the order of the documentation. */
export const routes: readonly Route[] = [
  createCheckout,
  getCheckout,
  confirmCheckout,
  cancelCheckout,
  getOrder,
  captureOrder,
  cancelOrder,
  refundOrder,
  getPayment,
  listDisputes,
  listDeliveries,
  labelOrder,
  listLabels,
  createAssessment,
  getAssessment,
  createChallenge,
  solveChallenge,
  listReviews,
  approveReview,
  rejectReview,
  listEvents,
];
