import type { Charge } from './charge.ts';
import type { Customer } from './customer.ts';
import type { Dispute, EarlyFraudWarning } from './dispute.ts';
import type { PaymentIntent } from './payment-intent.ts';
import type { PaymentMethod } from './payment-method.ts';
import type { Refund } from './refund.ts';
import type { SetupIntent } from './setup-intent.ts';
import type { WebhookEndpoint } from './webhook-endpoint.ts';

/**
 * Everything an account owns, by Stripe's own `object` names and in Stripe's own shapes: what is stored is what is
 * answered. A change replaces the whole object, so that events and stored replies may simply hold the old one. What
 * Stripe would keep to itself stands under `sandbox`.
 */
export type Objects = {
  payment_intent: PaymentIntent;
  charge: Charge;
  refund: Refund;
  payment_method: PaymentMethod;
  setup_intent: SetupIntent;
  customer: Customer;
  dispute: Dispute;
  'radar.early_fraud_warning': EarlyFraudWarning;
  webhook_endpoint: WebhookEndpoint;
};
export type Kind = keyof Objects;
export type StripeObject = Objects[Kind];

export const kinds: readonly Kind[] = [
  'payment_intent',
  'charge',
  'refund',
  'payment_method',
  'setup_intent',
  'customer',
  'dispute',
  'radar.early_fraud_warning',
  'webhook_endpoint',
];
