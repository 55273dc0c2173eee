import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { currencies, isCurrency, money, type Currency } from '../../src/kernel/money.ts';
import {
  adyenExponents,
  fromPspAmount,
  stripeExponents,
  toPspAmount,
} from '../../src/psp/currency-exponents.ts';

function of(code: string): Currency {
  if (!isCurrency(code)) throw new Error(code);
  return code;
}

describe.each([
  ['stripe', stripeExponents],
  ['adyen', adyenExponents],
])('amounts at %s', (_, exponents) => {
  test('to the PSP and back is the same money, or the PSP cannot write it, for every currency', () => {
    let written = 0;
    for (const currency of currencies) {
      fc.assert(
        fc.property(fc.bigInt({ min: 0n, max: 99_999_999n }), (amount) => {
          const sent = toPspAmount(money(amount, currency), exponents);
          if (sent === null) return;
          written += 1;
          expect(fromPspAmount(sent, currency.toLowerCase(), exponents)).toEqual({ amount, currency });
        }),
      );
      // Whole units of the currency can always be written.
      expect(toPspAmount(money(1_000n, currency), exponents)).not.toBeNull();
    }
    expect(written).toBeGreaterThan(currencies.length * 90);
  });

  test('what is no amount in our minor units is not guessed', () => {
    for (const [amount, code] of [
      [1.5, 'EUR'],
      [Number.NaN, 'EUR'],
      [1e400, 'EUR'],
      [2 ** 53, 'EUR'],
      [1, 'XTS'],
      [1, ''],
    ] as const) {
      expect(fromPspAmount(amount, code, exponents)).toBeNull();
    }
    // Half a króna, where the PSP writes the króna with two decimals.
    expect(fromPspAmount(1050, 'ISK', exponents)).toBeNull();
  });
});

test.each([
  ['EUR', 1299n, 1299, 1299],
  ['JPY', 500n, 500, 500],
  ['ISK', 500n, 50_000, 50_000],
  ['UGX', 500n, 50_000, 500],
  ['MGA', 500n, 5, 500],
  ['MGA', 550n, null, 550],
  ['CLP', 500n, 500, 50_000],
  ['CVE', 500n, 500, 5],
  ['IDR', 500n, 500, 5],
  ['IDR', 550n, 550, null],
  ['KWD', 1000n, 1000, 1000],
  ['KWD', 1001n, null, 1001],
])('%s %s is %s at Stripe and %s at Adyen', (code, amount, stripe, adyen) => {
  expect(toPspAmount(money(amount, of(code)), stripeExponents)).toBe(stripe);
  expect(toPspAmount(money(amount, of(code)), adyenExponents)).toBe(adyen);
});
