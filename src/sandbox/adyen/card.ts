import { createHash } from 'node:crypto';

/** How the issuer of a test card answers a 3-D Secure 2 request. */
export type IssuerFlow = 'none' | 'frictionless' | 'challenge';

/** A test card as the stand-in remembers it: never the number, always what Adyen would tell about it. */
export type Card = {
  readonly bin: string;
  readonly lastFour: string;
  readonly brand: string;
  readonly fundingSource: 'CREDIT' | 'DEBIT' | 'PREPAID';
  readonly issuerCountry: string;
  readonly flow: IssuerFlow;
  /** Adyen's `alias`: the same for every use of the same card number. */
  readonly alias: string;
  readonly expiryMonth: string;
  readonly expiryYear: string;
  readonly holderName: string;
};

type Known = Pick<Card, 'brand' | 'fundingSource' | 'issuerCountry' | 'flow'>;

/** Adyen's published test cards that tests need; other numbers get their brand from the first digits. */
const known: Readonly<Record<string, Known>> = {
  '4111111111111111': { brand: 'visa', fundingSource: 'CREDIT', issuerCountry: 'NL', flow: 'none' },
  '4988438843884305': { brand: 'visa', fundingSource: 'CREDIT', issuerCountry: 'ES', flow: 'none' },
  '4400000000000008': { brand: 'visa', fundingSource: 'DEBIT', issuerCountry: 'US', flow: 'none' },
  '5555444433331111': { brand: 'mc', fundingSource: 'CREDIT', issuerCountry: 'GB', flow: 'none' },
  '5100060000000002': { brand: 'mc', fundingSource: 'PREPAID', issuerCountry: 'US', flow: 'none' },
  '370000000000002': { brand: 'amex', fundingSource: 'CREDIT', issuerCountry: 'NL', flow: 'none' },
  '4917610000000000': { brand: 'visa', fundingSource: 'DEBIT', issuerCountry: 'FR', flow: 'challenge' },
  '4212345678901237': { brand: 'visa', fundingSource: 'CREDIT', issuerCountry: 'NL', flow: 'challenge' },
  '5454545454545454': { brand: 'mc', fundingSource: 'CREDIT', issuerCountry: 'NL', flow: 'challenge' },
  '5201281505129736': { brand: 'mc', fundingSource: 'CREDIT', issuerCountry: 'NL', flow: 'frictionless' },
  '4212345678910006': { brand: 'visa', fundingSource: 'CREDIT', issuerCountry: 'NL', flow: 'frictionless' },
};

function brandOf(number: string): string | undefined {
  if (number.startsWith('4')) return 'visa';
  if (/^(5[1-5]|2[2-7])/.test(number)) return 'mc';
  if (/^3[47]/.test(number)) return 'amex';
  return undefined;
}

/** Reads a test card number; undefined when its shape or check digit is wrong or no brand owns it. */
export function cardOf(
  number: string,
  rest: Pick<Card, 'expiryMonth' | 'expiryYear' | 'holderName'>,
): Card | undefined {
  const brand = brandOf(number);
  if (brand === undefined || !/^\d{13,19}$/.test(number) || !hasCheckDigit(number)) return undefined;
  const facts = known[number] ?? { brand, fundingSource: 'CREDIT', issuerCountry: 'NL', flow: 'none' };
  return {
    ...facts,
    bin: number.slice(0, 6),
    lastFour: number.slice(-4),
    alias: `F${(BigInt(`0x${digest(number)}`) % 10n ** 15n).toString().padStart(15, '0')}`,
    ...rest,
  };
}

/** The Luhn check: every second digit from the right counts double. */
function hasCheckDigit(number: string): boolean {
  let sum = 0;
  for (let place = 0; place < number.length; place += 1) {
    const digit = Number(number.charAt(number.length - 1 - place)) * (place % 2 === 0 ? 1 : 2);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
