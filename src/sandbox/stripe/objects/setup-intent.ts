import type { ErrorBody } from '../api-error.ts';
import type { ExternalAuthentication } from '../three-d-secure.ts';
import type { Metadata } from './metadata.ts';
import type { NextAction } from './next-action.ts';

export type SetupIntent = {
  readonly id: string;
  readonly object: 'setup_intent';
  readonly automatic_payment_methods: { enabled: boolean; allow_redirects: string } | null;
  readonly cancellation_reason: string | null;
  readonly client_secret: string;
  readonly created: number;
  readonly customer: string | null;
  readonly description: string | null;
  readonly last_setup_error: ErrorBody | null;
  readonly mandate: string | null;
  readonly metadata: Metadata;
  readonly next_action: NextAction | null;
  readonly payment_method: string | null;
  readonly payment_method_options: {
    readonly card: {
      readonly request_three_d_secure?: 'automatic' | 'any' | 'challenge' | undefined;
      readonly three_d_secure?: ExternalAuthentication | undefined;
    };
  };
  readonly payment_method_types: readonly string[];
  readonly status:
    'requires_payment_method' | 'requires_confirmation' | 'requires_action' | 'canceled' | 'succeeded';
  readonly usage: 'on_session' | 'off_session';
};

export const setupIntentConstants = {
  allowed_payment_method_types: null,
  application: null,
  excluded_payment_method_types: null,
  flow_directions: null,
  latest_attempt: null,
  livemode: false,
  on_behalf_of: null,
  payment_method_configuration_details: null,
  single_use_mandate: null,
} as const;
