import { expect, it } from '@jest/globals';
import { showFigure } from '../harness/figure.ts';
import { chooseAuthentication } from '../../src/domain/sca/choose-authentication.ts';
import {
  type AuthenticationFacts,
  type Eci,
  type TransStatus,
  judgeAuthentication,
  liabilityOf,
} from '../../src/domain/sca/judge-authentication.ts';
import { type Region, regionOf } from '../../src/domain/sca/region.ts';
import type { Exemption } from '../../src/domain/risk/assessment.ts';
import type { Currency } from '../../src/kernel/money.ts';

const transStatuses: (TransStatus | null)[] = ['Y', 'A', 'N', 'U', 'C', 'D', 'R', 'I', null];
const ecis: (Eci | null)[] = ['05', '06', '07', '02', '01', '00', null];
const exemptions: (Exemption | null)[] = [
  'transaction_risk_analysis',
  'low_value',
  'trusted_beneficiary',
  'merchant_initiated',
  null,
];
const initiators = ['buyer', 'merchant'] as const;
const regions: Region[] = ['eea', 'uk', 'other'];

/**
 * The whole table, written as a person would: the first line that fits a row says what is right. `*` is anything, `+`
 * anything but none; columns are transStatus, ECI, exemption, initiator, region → proceed, liability.
 */
const expected = `
N  *        *  *         *       refuse     merchant
R  *        *  *         *       refuse     merchant
*  *        *  merchant  *       authorize  merchant
C  *        *  buyer     *       challenge  merchant
D  *        *  buyer     *       challenge  merchant
*  *        +  buyer     *       authorize  merchant
-  *        -  buyer     other   authorize  merchant
-  *        -  buyer     eea,uk  challenge  merchant
Y  07,00    -  buyer     *       authorize  merchant
A  07,00    -  buyer     *       authorize  merchant
Y  *        -  buyer     *       authorize  issuer
A  *        -  buyer     *       authorize  issuer
U  *        -  buyer     *       authorize  merchant
I  *        -  buyer     *       authorize  merchant
`
  .trim()
  .split('\n')
  .map((line) => line.split(/\s+/) as [string, string, string, string, string, string, string]);

function fits(pattern: string, value: string | null): boolean {
  if (pattern === '*') return true;
  if (pattern === '+') return value !== null;
  return pattern === '-' ? value === null : value !== null && pattern.split(',').includes(value);
}

it('every row of transStatus × ECI × exemption × initiator × region is judged as the table says', () => {
  let rows = 0;
  const used = new Set<number>();
  for (const transStatus of transStatuses)
    for (const eci of ecis)
      for (const exemption of exemptions)
        for (const initiator of initiators)
          for (const region of regions) {
            const facts: AuthenticationFacts = { transStatus, eci, exemption, initiator, region };
            const line = expected.findIndex((each) =>
              [transStatus, eci, exemption, initiator, region].every((value, at) =>
                fits(each[at] ?? '', value),
              ),
            );
            const { proceed, liability } = judgeAuthentication(facts);
            expect({ ...facts, proceed, liability }).toEqual({
              ...facts,
              proceed: expected[line]?.[5],
              liability: expected[line]?.[6],
            });
            used.add(line);
            rows += 1;
          }
  expect(used.size).toBe(expected.length);
  showFigure(`SCA table: ${rows} rows of transStatus × ECI × exemption × initiator × region`);
});

it('whoever asked for an exemption, or had no buyer, bears the loss whatever the PSP says', () => {
  const said = { method: 'exempted', liability: 'issuer' } as const;
  expect(liabilityOf({ initiator: 'buyer' }, said)).toBe('merchant');
  expect(liabilityOf({ initiator: 'merchant' }, { method: 'challenge', liability: 'issuer' })).toBe(
    'merchant',
  );
  expect(liabilityOf({ initiator: 'buyer' }, { method: 'challenge', liability: 'issuer' })).toBe('issuer');
  const external3ds = { version: '2.2.0', eci: '05', cavv: 'x', dsTransId: 'y' };
  expect(
    liabilityOf({ initiator: 'buyer', external3ds }, { method: 'external', liability: 'merchant' }),
  ).toBe('issuer');
});

const tra = 'transaction_risk_analysis' as const;
it.each([
  // total, currency, country, fraud rate, allowed, exemption
  [10_000n, 'EUR', 'DE', 0.0013, [tra], tra],
  [10_001n, 'EUR', 'DE', 0.0013, [tra], undefined],
  [10_001n, 'EUR', 'DE', 0.0006, [tra], tra],
  [25_001n, 'EUR', 'DE', 0.0006, [tra], undefined],
  [50_000n, 'EUR', 'DE', 0.0001, [tra], tra],
  [50_001n, 'EUR', 'DE', 0.0001, [tra], undefined],
  [1n, 'EUR', 'DE', 0.0014, [tra], undefined],
  [10_000n, 'EUR', 'DE', undefined, [tra], tra],
  [8_500n, 'GBP', 'GB', 0.0013, [tra], tra],
  [8_501n, 'GBP', 'GB', 0.0013, [tra], undefined],
  [44_000n, 'GBP', 'GB', 0.0001, [tra], tra],
  [44_001n, 'GBP', 'GB', 0.0001, [tra], undefined],
  [3_000n, 'EUR', 'DE', 0.5, [tra, 'low_value'], 'low_value'],
  [3_001n, 'EUR', 'DE', 0.5, [tra, 'low_value'], undefined],
  [2_500n, 'GBP', 'GB', 0.5, ['low_value'], 'low_value'],
  [2_501n, 'GBP', 'GB', 0.5, ['low_value'], undefined],
  [99_999n, 'SEK', 'SE', 0.0001, [tra, 'trusted_beneficiary'], 'trusted_beneficiary'],
  [1n, 'USD', 'US', 0.0001, [tra, 'low_value', 'trusted_beneficiary'], undefined],
  [1n, 'EUR', 'DE', 0.0001, [], undefined],
] as const)(
  '%s %s from %s at a fraud rate of %s with %j asks for %s',
  (amount, currency, country, fraudRate, allowed, exemption) => {
    const asked = chooseAuthentication({
      total: { amount, currency: currency as Currency },
      region: regionOf(country, currency as Currency),
      initiator: 'buyer',
      wanted: 'automatic',
      allowed,
      isAuthenticated: false,
      ...(fraudRate === undefined ? {} : { fraudRate }),
    });
    expect(asked).toEqual({ authentication: 'automatic', ...(exemption === undefined ? {} : { exemption }) });
  },
);

it('a challenge that risk wants is never traded for an exemption, and a merchant’s own payment asks for none', () => {
  const question = {
    total: { amount: 100n, currency: 'EUR' as Currency },
    region: 'eea',
    allowed: [tra],
    isAuthenticated: false,
  } as const;
  expect(chooseAuthentication({ ...question, initiator: 'buyer', wanted: 'challenge' })).toEqual({
    authentication: 'challenge',
  });
  expect(chooseAuthentication({ ...question, initiator: 'merchant', wanted: 'challenge' })).toEqual({
    authentication: 'automatic',
    exemption: 'merchant_initiated',
  });
});
