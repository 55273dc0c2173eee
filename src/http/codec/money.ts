import { z } from 'zod';
import { type Currency, type Money, isCurrency, money } from '../../kernel/money.ts';

/** The largest amount of one payment: what the strictest PSP takes. */
export const amountMinorMax = 99_999_999;

/** A JSON integer in minor units, as a bigint. Texts, fractions and what a double cannot hold are refused. */
export const amount = z
  .codec(z.int().min(1).max(amountMinorMax), z.bigint(), {
    decode: (units) => BigInt(units),
    encode: (units) => Number(units),
  })
  .meta({ description: 'Whole minor units of the currency (cents, yen, fils).', examples: [1299] });

const codes = z.string().regex(/^[A-Z]{3}$/);

export const currency = codes
  .refine(isCurrency, { error: 'is not a currency that can be paid in' })
  .meta({ description: 'ISO 4217, upper case.', examples: ['EUR'] });

/** An amount as replies show it. */
export const amountShown = z.int().meta({ description: 'Minor units.' });

/** The amount and currency of a body that may leave both out. */
export function toMoney(body: {
  amount?: bigint | undefined;
  currency?: Currency | undefined;
}): Money | null {
  return body.amount === undefined || body.currency === undefined ? null : money(body.amount, body.currency);
}
