import { decimals, isCurrency, type Currency, type Money } from '../kernel/money.ts';

/** How a PSP writes amounts: where its minor units are not those of ISO 4217, and what it refuses. */
export type CurrencyExponents = {
  /** Decimals by currency code, only where the PSP differs from ISO 4217. */
  readonly decimals: Readonly<Partial<Record<string, number>>>;
  /** Amounts in currencies of three decimals must end in 0. */
  readonly threeDecimalsEndInZero: boolean;
};

/**
 * Stripe: the Malagasy ariary has no decimals; the króna and the Ugandan shilling kept the two decimals they once had
 * (source: docs.stripe.com/currencies).
 */
export const stripeExponents: CurrencyExponents = {
  decimals: { MGA: 0, ISK: 2, UGX: 2 },
  threeDecimalsEndInZero: true,
};

/** Adyen (source: docs.adyen.com/development-resources/currency-codes). */
export const adyenExponents: CurrencyExponents = {
  decimals: { CLP: 2, CVE: 0, IDR: 0, ISK: 2 },
  threeDecimalsEndInZero: false,
};

/** The amount as the PSP writes it, or null when the PSP has no way to write it (half an ariary). */
export function toPspAmount(money: Money, exponents: CurrencyExponents): number | null {
  const iso = decimals(money.currency);
  const scaled = rescale(money.amount, iso, exponents.decimals[money.currency] ?? iso);
  if (scaled === null || (exponents.threeDecimalsEndInZero && iso === 3 && scaled % 10n !== 0n)) return null;
  return scaled > Number.MAX_SAFE_INTEGER ? null : Number(scaled);
}

/** Money from what a PSP wrote, or null when that is no amount we can express. The code may be in lower case. */
export function fromPspAmount(amount: number, code: string, exponents: CurrencyExponents): Money | null {
  const currency = toCurrency(code);
  if (currency === null || !Number.isSafeInteger(amount)) return null;
  const iso = decimals(currency);
  const scaled = rescale(BigInt(amount), exponents.decimals[currency] ?? iso, iso);
  return scaled === null ? null : { amount: scaled, currency };
}

function toCurrency(code: string): Currency | null {
  const upper = code.toUpperCase();
  return isCurrency(upper) ? upper : null;
}

function rescale(amount: bigint, from: number, to: number): bigint | null {
  if (to >= from) return amount * 10n ** BigInt(to - from);
  const factor = 10n ** BigInt(from - to);
  return amount % factor === 0n ? amount / factor : null;
}
