import type { Metadata } from './metadata.ts';

export type Customer = {
  readonly id: string;
  readonly object: 'customer';
  readonly created: number;
  readonly description: string | null;
  readonly email: string | null;
  readonly metadata: Metadata;
  readonly name: string | null;
  readonly phone: string | null;
  readonly address: unknown;
  readonly shipping: unknown;
  readonly invoice_settings: { readonly default_payment_method: string | null };
  readonly deleted?: true;
};

export const customerConstants = {
  balance: 0,
  currency: null,
  default_source: null,
  delinquent: false,
  livemode: false,
  preferred_locales: [],
  tax_exempt: 'none',
  test_clock: null,
} as const;
