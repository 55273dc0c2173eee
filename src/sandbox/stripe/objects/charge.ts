import type { Card } from '../cards.ts';
import type { Decline } from '../declines.ts';
import type { ThreeDSecure } from '../three-d-secure.ts';
import type { Metadata } from './metadata.ts';
import type { PaymentIntent } from './payment-intent.ts';
import type { PaymentMethod } from './payment-method.ts';

type CardDetails = { readonly amount_authorized: number | null; readonly [more: string]: unknown };

export type Charge = {
  readonly id: string;
  readonly object: 'charge';
  readonly amount: number;
  readonly amount_captured: number;
  readonly amount_refunded: number;
  readonly balance_transaction: string | null;
  readonly captured: boolean;
  readonly created: number;
  readonly currency: string;
  readonly customer: string | null;
  readonly disputed: boolean;
  readonly failure_code: string | null;
  readonly metadata: Metadata;
  readonly outcome: unknown;
  readonly paid: boolean;
  readonly payment_intent: string;
  readonly payment_method: string;
  readonly payment_method_details: { readonly type: 'card'; readonly card: CardDetails };
  readonly refunded: boolean;
  readonly status: 'succeeded' | 'pending' | 'failed';
};

/** A card authorisation is held for seven days. */
const holdSeconds = 7 * 86_400;

const chargeConstants = {
  application: null,
  application_fee: null,
  application_fee_amount: null,
  calculated_statement_descriptor: 'STAND-IN STRIPE',
  failure_balance_transaction: null,
  fraud_details: {},
  livemode: false,
  on_behalf_of: null,
  radar_options: {},
  receipt_number: null,
  receipt_url: null,
  review: null,
  source: null,
  source_transfer: null,
  transfer_data: null,
} as const;

/** The charge of one try at an intent, not yet captured. */
export function newCharge(
  id: string,
  created: number,
  intent: PaymentIntent,
  method: PaymentMethod,
  card: Card,
  decline: Decline | null,
  threeDSecure: ThreeDSecure | null,
): Charge {
  const blocked = card.risk.level === 'highest' && decline?.decline_code === 'fraudulent';
  const options = intent.payment_method_options.card;
  const charge = {
    ...chargeConstants,
    id,
    object: 'charge' as const,
    amount: intent.amount,
    amount_captured: 0,
    amount_refunded: 0,
    balance_transaction: null,
    billing_details: method.billing_details,
    captured: false,
    created,
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_code: decline?.code ?? null,
    failure_message: decline?.message ?? null,
    metadata: intent.metadata,
    outcome: {
      advice_code: decline?.advice_code ?? null,
      network_advice_code: null,
      network_decline_code: decline === null || blocked ? null : '05',
      network_status:
        decline === null ? 'approved_by_network' : blocked ? 'not_sent_to_network' : 'declined_by_network',
      reason: blocked ? 'highest_risk_level' : (decline?.decline_code ?? null),
      risk_level: card.risk.level,
      risk_score: card.risk.score,
      seller_message:
        decline === null
          ? 'Payment complete.'
          : 'The bank did not return any further details with this decline.',
      type: decline === null ? 'authorized' : blocked ? 'blocked' : 'issuer_declined',
    },
    paid: decline === null,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: {
      type: 'card' as const,
      card: {
        amount_authorized: decline === null ? intent.amount : null,
        authorization_code: decline === null ? id.slice(-6).toUpperCase() : null,
        brand: card.brand,
        ...(intent.capture_method === 'manual' ? { capture_before: created + holdSeconds } : {}),
        checks: {
          address_line1_check: card.checks.line1,
          address_postal_code_check: card.checks.postal,
          cvc_check: card.checks.cvc,
        },
        country: card.country,
        electronic_commerce_indicator: threeDSecure?.electronic_commerce_indicator ?? null,
        exp_month: 12,
        exp_year: 2034,
        extended_authorization: { status: 'disabled' },
        fingerprint: card.fingerprint,
        funding: card.funding,
        iin: card.bin,
        incremental_authorization: {
          status: options.request_incremental_authorization === 'if_available' ? 'available' : 'unavailable',
        },
        installments: null,
        last4: card.last4,
        mandate: null,
        multicapture: {
          status: options.request_multicapture === 'if_available' ? 'available' : 'unavailable',
        },
        network: card.brand,
        network_token: { used: false },
        network_transaction_id: blocked ? null : id.slice(3).toUpperCase().slice(0, 15),
        overcapture: { maximum_amount_capturable: intent.amount, status: 'unavailable' },
        regulated_status: 'unregulated',
        three_d_secure: threeDSecure,
        transaction_link_id: null,
        wallet: null,
      },
    },
    receipt_email: intent.receipt_email,
    refunded: false,
    shipping: intent.shipping,
    statement_descriptor: intent.statement_descriptor,
    statement_descriptor_suffix: intent.statement_descriptor_suffix,
    status: decline === null ? ('succeeded' as const) : ('failed' as const),
    transfer_group: intent.transfer_group,
  };
  return charge;
}
