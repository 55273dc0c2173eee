import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { currencies, decimals, isCurrency, money, type Currency } from '../../src/kernel/money.ts';
import { chargesFromReport } from '../../src/psp/adyen/accounting-report.ts';
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

/** A report of one capture, as Adyen writes it: main units, with as many decimals as Adyen counts. */
function reportOf(counted: number, currency: Currency): string {
  const places = adyenExponents.decimals[currency] ?? decimals(currency);
  const digits = String(counted).padStart(places + 1, '0');
  const amount = places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
  const columns = 'Psp Reference,Merchant Reference,Booking Date,Record Type,Payment Currency,Main Amount';
  return `${columns}\nP1,R1,2026-03-01 10:00:00,SentForSettle,${currency},${amount}\n`;
}

test('what Adyen was told comes back from its accounting report, for every currency', () => {
  let written = 0;
  for (const currency of currencies) {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 99_999_999n }), (amount) => {
        const sent = toPspAmount(money(amount, currency), adyenExponents);
        if (sent === null) return;
        written += 1;
        expect(chargesFromReport(reportOf(sent, currency))).toMatchObject([{ captured: amount }]);
      }),
      { numRuns: 20 },
    );
    expect(
      chargesFromReport(reportOf(toPspAmount(money(1_000n, currency), adyenExponents) ?? 0, currency)),
    ).toMatchObject([{ captured: 1_000n }]);
  }
  expect(written).toBeGreaterThan(currencies.length * 18);
});

test.each([
  ['12.50', 'CLP'],
  ['12.999', 'EUR'],
  ['', 'EUR'],
  ['12,99', 'EUR'],
])('%s %s in a report is no amount, and is not rounded', (text, currency) => {
  const report = reportOf(1299, of('EUR')).replace('EUR,12.99', `${currency},"${text}"`);
  expect(() => chargesFromReport(report)).toThrow('which is no amount');
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
