import type { ErrorBody } from '../api-error.ts';
import type { NextAction } from './next-action.ts';
import type { ExternalAuthentication } from '../three-d-secure.ts';
import type { Metadata } from './metadata.ts';

type PaymentIntentStatus =
  | 'requires_payment_method'
  | 'requires_confirmation'
  | 'requires_action'
  | 'processing'
  | 'requires_capture'
  | 'canceled'
  | 'succeeded';

type CaptureMethod = 'automatic' | 'automatic_async' | 'manual';

export type CardOptions = {
  readonly request_three_d_secure?: 'automatic' | 'any' | 'challenge' | undefined;
  readonly request_multicapture?: 'if_available' | 'never' | undefined;
  readonly request_incremental_authorization?: 'if_available' | 'never' | undefined;
  readonly three_d_secure?: ExternalAuthentication | undefined;
};

export type PaymentIntent = {
  readonly id: string;
  readonly object: 'payment_intent';
  readonly amount: number;
  readonly amount_capturable: number;
  readonly amount_received: number;
  readonly automatic_payment_methods: { enabled: boolean; allow_redirects: string } | null;
  readonly canceled_at: number | null;
  readonly cancellation_reason: string | null;
  readonly capture_method: CaptureMethod;
  readonly client_secret: string;
  readonly created: number;
  readonly currency: string;
  readonly customer: string | null;
  readonly description: string | null;
  readonly last_payment_error: ErrorBody | null;
  readonly latest_charge: string | null;
  readonly metadata: Metadata;
  readonly next_action: NextAction | null;
  readonly payment_method: string | null;
  readonly payment_method_options: { readonly card: CardOptions };
  readonly payment_method_types: readonly string[];
  readonly receipt_email: string | null;
  readonly setup_future_usage: 'on_session' | 'off_session' | null;
  readonly shipping: unknown;
  readonly statement_descriptor: string | null;
  readonly statement_descriptor_suffix: string | null;
  readonly status: PaymentIntentStatus;
  readonly transfer_group: string | null;
};

/** The fields that this stand-in never fills. */
export const paymentIntentConstants = {
  allowed_payment_method_types: null,
  amount_details: { tip: {} },
  application: null,
  application_fee_amount: null,
  confirmation_method: 'automatic',
  customer_account: null,
  excluded_payment_method_types: null,
  livemode: false,
  managed_payments: null,
  on_behalf_of: null,
  payment_method_configuration_details: null,
  payment_record: null,
  processing: null,
  review: null,
  source: null,
  transfer_data: null,
} as const;
