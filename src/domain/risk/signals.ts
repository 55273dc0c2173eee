import type { Instant } from '../../kernel/instant.ts';
import type { Money } from '../../kernel/money.ts';

/**
 * The facts one assessment is made from, as the storefront, the browser and the PSP observed them.
 *
 * Everything is optional: an absent signal makes the features that read it unknown (NaN), never zero. Raw personal data
 * (e-mail, address, phone, name) lives in this value only; whatever is stored or counted is a keyed hash of it.
 */
export type Signals = {
  readonly email?: string;
  readonly name?: string;
  readonly phone?: string;
  readonly account?: {
    /** The shop's own id of the customer; also names an account that has no row here. */
    readonly id?: string;
    readonly createdAt?: Instant;
    readonly emailChangedAt?: Instant;
    readonly addressChangedAt?: Instant;
    /** The score of this account's own sign-up assessment, when there was one. */
    readonly signUpScore?: number;
  };
  readonly card?: {
    /** The PSP's fingerprint of the card number: equal for equal cards, reveals nothing. */
    readonly fingerprint?: string;
    readonly bin?: string;
    /** ISO 3166-1 alpha-2. */
    readonly country?: string;
    readonly funding?: 'credit' | 'debit' | 'prepaid' | 'unknown';
    readonly wallet?: string;
  };
  readonly billing?: Address;
  readonly shipping?: Address;
  readonly order?: Basket & { readonly total: Money };
  readonly device?: {
    /** A stable id of the browser or phone that the storefront assigns. */
    readonly id?: string;
    readonly ip?: string;
    readonly userAgent?: string;
    readonly acceptLanguage?: string;
    /** The `sec-ch-ua` header, compared with the user agent. */
    readonly clientHints?: string;
    /** IANA time zone that the browser reports. */
    readonly timeZone?: string;
    readonly referer?: string;
  };
  readonly behaviour?: {
    readonly formSeconds?: number;
    readonly pastes?: number;
    readonly honeypotFilled?: boolean;
    readonly tokenAgeSeconds?: number;
  };
  readonly psp?: {
    /** Stripe Radar's risk score, 0…99. */
    readonly stripeRiskScore?: number;
    /** Adyen's account score, 0…100. */
    readonly adyenScore?: number;
    readonly avs?: 'match' | 'partial' | 'no_match';
    readonly cvc?: 'match' | 'no_match';
  };
};

/** What is being bought, as far as risk is concerned. */
export type Basket = {
  readonly itemCount?: number;
  /** Share of the total that is digital goods: 0…1. */
  readonly digitalShare?: number;
  readonly coupon?: boolean;
  readonly expressShipping?: boolean;
};

/** What was observed at confirm; the checkout itself knows the total. */
export type ObservedSignals = Omit<Signals, 'order'> & { readonly basket?: Basket };

export type Address = {
  readonly name?: string;
  readonly line1?: string;
  readonly city?: string;
  readonly state?: string;
  readonly postalCode?: string;
  /** ISO 3166-1 alpha-2. */
  readonly country?: string;
};
