import type { Card } from '../cards.ts';
import type { Metadata } from './metadata.ts';

export type PaymentMethod = {
  readonly id: string;
  readonly object: 'payment_method';
  readonly allow_redisplay: string;
  readonly billing_details: unknown;
  readonly card: Readonly<Record<string, unknown>>;
  readonly created: number;
  readonly customer: string | null;
  readonly customer_account: null;
  readonly livemode: false;
  readonly metadata: Metadata;
  readonly type: 'card';
  /** Which test card this is, whether its owner has agreed to later payments without them, whether it was detached. */
  readonly sandbox: { readonly token: string; readonly set_up: boolean; readonly detached?: true };
};

const noBillingDetails = {
  address: { city: null, country: null, line1: null, line2: null, postal_code: null, state: null },
  email: null,
  name: null,
  phone: null,
  tax_id: null,
};

export function newPaymentMethod(
  id: string,
  created: number,
  token: string,
  card: Card,
  given: { readonly metadata?: Metadata; readonly billing_details?: unknown } = {},
): PaymentMethod {
  return {
    id,
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: given.billing_details ?? noBillingDetails,
    card: {
      brand: card.brand,
      checks: {
        address_line1_check: null,
        address_postal_code_check: null,
        cvc_check: card.checks.cvc,
      },
      country: card.country,
      display_brand: card.brand,
      exp_month: 12,
      exp_year: 2034,
      fingerprint: card.fingerprint,
      funding: card.funding,
      generated_from: null,
      iin: card.bin,
      last4: card.last4,
      networks: { available: [card.brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: card.authentication !== 'never' },
      wallet: null,
    },
    created,
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: given.metadata ?? {},
    type: 'card',
    sandbox: { token, set_up: card.authentication === 'set_up' },
  };
}
