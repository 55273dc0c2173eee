import { z } from 'zod';
import { type Currency, isCurrency } from '../../kernel/money.ts';
import { type Id, isId } from '../../kernel/ids.ts';

/** The kinds of value that rows are made of, checked as they are read. */

/** An id with this prefix. */
export function id<Prefix extends string>(prefix: Prefix) {
  return z.custom<Id<Prefix>>(
    (value) => typeof value === 'string' && isId(prefix, value),
    `not an id ${prefix}_…`,
  );
}

export const currency = z.custom<Currency>(
  (value) => typeof value === 'string' && isCurrency(value),
  'not a currency',
);

/** `bigint` columns arrive as bigint, and as text inside JSON. */
export const minorUnits = z.union([z.bigint(), z.string().transform(BigInt)]);

/** `timestamptz` columns arrive as milliseconds, and as text inside JSON. */
export const instant = z.union([z.number(), z.string().transform((text) => Date.parse(text))]);

/** A JSON column that only this service writes, in this shape. */
export function written<T>() {
  return z.custom<T>((value) => typeof value === 'object' && value !== null);
}

let lastAt = NaN;
let lastText = '';

/** As PostgreSQL reads it. One change writes the same instant a dozen times, and writing it out is what costs. */
export function toTimestamp(at: number): string {
  if (at !== lastAt) {
    lastAt = at;
    lastText = new Date(at).toISOString();
  }
  return lastText;
}
