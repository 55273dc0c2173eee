import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import { isCurrency, money } from '../../kernel/money.ts';
import type { PastEvent } from './replay.ts';

/** One line of an orders file (docs: the `--orders` columns), as the checkout that it was. */
export type PastOrder = PastEvent & {
  readonly orderId: string;
  readonly day: number;
  readonly fraud: boolean;
  readonly customerId: string;
};

/** The records of a CSV file with a header, gzip or plain, as objects; streamed. */
export function records(file: string): AsyncIterable<Readonly<Record<string, string>>> {
  const bytes = createReadStream(file);
  const text = file.endsWith('.gz') ? bytes.pipe(createGunzip()) : bytes;
  bytes.on('error', (error: Error) => text.destroy(error));
  const lines = parse({ columns: true });
  text.on('error', (error: Error) => lines.destroy(error));
  return text.pipe(lines);
}

/** Throws on the first line that is no order: a silent gap would make every later count wrong. */
export async function* orders(file: string): AsyncGenerator<PastOrder> {
  let line = 1;
  let last = -Infinity;
  for await (const record of records(file)) {
    line += 1;
    const order = toOrder(record);
    if (order === null) throw new Error(`${file}:${line}: not an order: ${Object.keys(record).join(',')}`);
    if (order.at < last)
      throw new Error(`${file}:${line}: earlier than the line before; orders must be in time order`);
    last = order.at;
    yield order;
  }
}

function toOrder(record: Readonly<Record<string, string>>): PastOrder | null {
  const { order_id, occurred_at, day, customer_id, email, amount_minor, currency = '', is_fraud } = record;
  const { billing_country, billing_state, billing_zip3 } = record;
  const at = Date.parse(occurred_at ?? '');
  if (!order_id || !customer_id || Number.isNaN(at) || !/^\d+$/.test(day ?? '')) return null;
  if (!/^\d+$/.test(amount_minor ?? '') || !isCurrency(currency) || !/^[01]$/.test(is_fraud ?? ''))
    return null;
  return {
    event: 'checkout',
    orderId: order_id,
    customerId: customer_id,
    at,
    day: Number(day),
    fraud: is_fraud === '1',
    signals: {
      ...(email && { email }),
      account: { id: customer_id },
      order: { total: money(BigInt(amount_minor ?? ''), currency) },
      billing: {
        ...(billing_country && { country: billing_country }),
        ...(billing_state && { state: billing_state }),
        ...(billing_zip3 && { postalCode: billing_zip3 }),
      },
    },
  };
}
