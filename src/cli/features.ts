import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { createGzip } from 'node:zlib';
import { featuresOf } from '../domain/risk/features/library.ts';
import { dayMs } from '../kernel/instant.ts';
import { orders } from '../risk/replay/orders.ts';
import { replay } from '../risk/replay/replay.ts';
import { replaySettings } from './replay-settings.ts';

/**
 * `npm run features -- --orders FILE --out FILE [--label-delay-days N] [--to-day N]`: the feature values that a live assessment of each order would have read,
 * as CSV (gzip when the name ends in .gz): order_id, day, is_fraud, then the features of a checkout; empty is unknown.
 */
const { values: options } = parseArgs({
  options: {
    orders: { type: 'string' },
    out: { type: 'string' },
    'label-delay-days': { type: 'string', default: '30' },
    'to-day': { type: 'string', default: 'Infinity' },
  },
});
if (!options.orders || !options.out) {
  console.error('usage: npm run features -- --orders FILE --out FILE [--label-delay-days N] [--to-day N]');
  process.exit(2);
}

const startedAt = performance.now();
let events = 0;

async function* lines(file: string): AsyncGenerator<string> {
  const names = featuresOf('checkout').map((feature) => feature.name);
  yield `order_id,day,is_fraud,${names.join(',')}\n`;
  const settings = replaySettings(Number(options['label-delay-days']) * dayMs);
  let chunk = '';
  const toDay = Number(options['to-day']);
  for await (const { past, values } of replay(orders(file), settings)) {
    if (past.day > toDay) break;
    events += 1;
    chunk += `${past.orderId},${past.day},${past.fraud ? 1 : 0}`;
    for (const value of values) chunk += Number.isNaN(value) ? ',' : `,${value}`;
    chunk += '\n';
    if (chunk.length < 1 << 16) continue;
    yield chunk;
    chunk = '';
    if (process.stderr.isTTY) process.stderr.write(`\r${events} orders, day ${past.day}`);
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  yield chunk;
}

const out = createWriteStream(options.out);
if (options.out.endsWith('.gz')) await pipeline(lines(options.orders), createGzip(), out);
else await pipeline(lines(options.orders), out);
const seconds = (performance.now() - startedAt) / 1000;
const peakMb = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ events, seconds: Number(seconds.toFixed(2)), peak_mb: Math.round(peakMb) }));
