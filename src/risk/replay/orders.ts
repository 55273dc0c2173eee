import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import { parse as parseLines } from 'csv-parse/sync';
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
  const text = textOf(file);
  const lines = parse({ columns: true });
  text.on('error', (error: Error) => lines.destroy(error));
  return text.pipe(lines);
}

function textOf(file: string): Readable {
  const bytes = createReadStream(file);
  if (!file.endsWith('.gz')) return bytes.setEncoding('utf8');
  const text = bytes.pipe(createGunzip()).setEncoding('utf8');
  bytes.on('error', (error: Error) => text.destroy(error));
  return text;
}

/** Some hundred orders at a time, because a promise for each costs as much as its features. See `orders` for the rest. */
export async function* orderBatches(file: string): AsyncGenerator<readonly PastOrder[]> {
  const reader = lineReader(file);
  for await (const lines of linesOf(file)) yield lines.flatMap(reader);
}

/** Throws on the first line that is no order: a silent gap would make every later count wrong. */
export async function* orders(file: string): AsyncGenerator<PastOrder> {
  for await (const batch of orderBatches(file)) yield* batch;
}

/** The lines of a file, gzip or plain, as they come from the disk. A last one that does not end is a line as well. */
async function* linesOf(file: string): AsyncGenerator<readonly string[]> {
  let rest = '';
  for await (const chunk of textOf(file)) {
    const lines = (rest + String(chunk)).split(/\r?\n/);
    rest = lines.pop() ?? '';
    yield lines;
  }
  if (rest !== '') yield [rest];
}

function lineReader(file: string): (line: string) => readonly PastOrder[] {
  let number = 0;
  let last = -Infinity;
  let places: readonly number[] | null = null;
  return (line) => {
    number += 1;
    const wrong = (what: string): Error => new Error(`${file}:${number}: ${what}`);
    // A quoted field is rare and may hold a comma; a plain line is split ten times as fast.
    const fields = line.includes('"') ? (parseLines(line)[0] ?? []) : line.split(',');
    if (places === null) {
      places = columns.map((column) => fields.indexOf(column));
      const missing = columns.filter((_, index) => places?.[index] === -1);
      if (missing.length > 0) throw wrong(`no column ${missing.join(', ')}`);
      return [];
    }
    if (line === '') return [];
    const order = toOrder(places.map((place) => fields[place] ?? ''));
    if (order === null) throw wrong('not an order');
    if (order.at < last) throw wrong('earlier than the line before; orders must be in time order');
    last = order.at;
    return [order];
  };
}

const columns = [
  'order_id',
  'occurred_at',
  'day',
  'customer_id',
  'email',
  'amount_minor',
  'currency',
  'billing_country',
  'billing_state',
  'billing_zip3',
  'is_fraud',
];

function toOrder(fields: readonly string[]): PastOrder | null {
  const [orderId = '', occurredAt = '', day = '', customerId = '', email = '', amount = ''] = fields;
  const [currency = '', country = '', state = '', zip = '', fraud = ''] = fields.slice(6);
  const at = Date.parse(occurredAt);
  if (orderId === '' || customerId === '' || Number.isNaN(at) || !/^\d+$/.test(day)) return null;
  if (!/^\d+$/.test(amount) || !isCurrency(currency) || !/^[01]$/.test(fraud)) return null;
  return {
    event: 'checkout',
    orderId,
    customerId,
    at,
    day: Number(day),
    fraud: fraud === '1',
    signals: {
      ...(email !== '' && { email }),
      account: { id: customerId },
      order: { total: money(BigInt(amount), currency) },
      billing: {
        ...(country !== '' && { country }),
        ...(state !== '' && { state }),
        ...(zip !== '' && { postalCode: zip }),
      },
    },
  };
}
