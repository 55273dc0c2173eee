import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { type Currency, decimals, isCurrency, money } from '../../kernel/money.ts';
import { adyenExponents, fromPspAmount } from '../currency-exponents.ts';
import type { PspCharge } from '../psp.ts';
import { fromReference } from './reference.ts';

/** The columns of Adyen's payment accounting report that are read. Amounts are decimal numbers in main units. */
const lineSchema = z.object({
  'Psp Reference': z.string().min(1),
  'Merchant Reference': z.string(),
  'Booking Date': z.string(),
  'Record Type': z.string(),
  'Payment Currency': z.custom<Currency>((code) => typeof code === 'string' && isCurrency(code)),
  'Main Amount': z.string(),
});

/** What each record type adds to what was authorised, captured and refunded. All others move nothing of these. */
const effects: Readonly<Record<string, readonly [authorized: bigint, captured: bigint, refunded: bigint]>> = {
  Authorised: [1n, 0n, 0n],
  AuthorisedAdjusted: [1n, 0n, 0n],
  SentForSettle: [0n, 1n, 0n],
  CaptureFailed: [0n, -1n, 0n],
  SentForRefund: [0n, 0n, 1n],
  RefundFailed: [0n, 0n, -1n],
  RefundedReversed: [0n, 0n, -1n],
};

/** The charges that a report tells of: Adyen has no list by API, and writes a report of each day instead. */
export function chargesFromReport(csv: string): PspCharge[] {
  const charges = new Map<string, PspCharge>();
  for (const record of parse(csv, { columns: true, skip_empty_lines: true })) {
    const line = lineSchema.parse(record);
    const effect = effects[line['Record Type']];
    if (effect === undefined) continue;
    const currency = line['Payment Currency'];
    const amount = minorUnits(line['Main Amount'], currency);
    const pspReference = line['Psp Reference'];
    const reference = fromReference(line['Merchant Reference']);
    const known = charges.get(pspReference) ?? {
      pspReference,
      ...(reference.names === 'attempt' ? { attemptId: reference.attemptId } : {}),
      at: Date.parse(`${line['Booking Date'].replace(' ', 'T')}Z`),
      authorized: money(0n, currency),
      captured: 0n,
      refunded: 0n,
    };
    charges.set(pspReference, {
      ...known,
      authorized: money(known.authorized.amount + effect[0] * amount, currency),
      captured: known.captured + effect[1] * amount,
      refunded: known.refunded + effect[2] * amount,
    });
  }
  return [...charges.values()];
}

/** `12.99` EUR is 1299. Adyen writes as many decimals as it counts, which are not always ours. */
function minorUnits(text: string, currency: Currency): bigint {
  const [, whole = '', fraction = ''] = /^-?(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  const places = adyenExponents.decimals[currency] ?? decimals(currency);
  const counted = Number(whole + fraction.padEnd(places, '0'));
  const found =
    fraction.length > places || whole === '' ? null : fromPspAmount(counted, currency, adyenExponents);
  if (found === null) throw new RangeError(`the report tells of ${text} ${currency}, which is no amount`);
  return found.amount;
}
