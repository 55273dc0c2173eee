import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { featuresOf } from '../domain/risk/features/library.ts';
import { dayMs } from '../kernel/instant.ts';
import { orderBatches } from '../risk/replay/orders.ts';
import { createReplay } from '../risk/replay/replay.ts';
import { replaySettings } from './replay-settings.ts';
import { readArguments } from './arguments.ts';

/**
 * `npm run features -- --orders FILE --out FILE [--label-delay-days N] [--good-delay-days N] [--to-day N]`:
 * the feature values that a live assessment of each order would have read,
 * as CSV (gzip when the name ends in .gz): order_id, day, is_fraud, then the features of a checkout; empty is unknown.
 */
const { values: options } = readArguments({
  options: {
    orders: { type: 'string' },
    out: { type: 'string' },
    'label-delay-days': { type: 'string', default: '30' },
    /** Served with GOOD_AFTER_DAYS; as long as the other delay when absent, for pasts that are shorter than that. */
    'good-delay-days': { type: 'string' },
    'to-day': { type: 'string', default: 'Infinity' },
  },
});
if (!options.orders || !options.out) {
  console.error(
    'usage: npm run features -- --orders FILE --out FILE [--label-delay-days N] [--good-delay-days N] [--to-day N]',
  );
  process.exit(2);
}

const startedAt = performance.now();
let events = 0;

async function* lines(file: string): AsyncGenerator<string> {
  const names = featuresOf('checkout').map((feature) => feature.name);
  yield `order_id,day,is_fraud,${names.join(',')}\n`;
  const valuesOf = createReplay({
    ...replaySettings(Number(options['label-delay-days']) * dayMs),
    goodDelayMs: Number(options['good-delay-days'] ?? options['label-delay-days']) * dayMs,
  });
  const toDay = Number(options['to-day']);
  for await (const batch of orderBatches(file)) {
    const rows = batch
      .filter(({ day }) => day <= toDay)
      .map((past) => {
        const values = valuesOf(past).map((value) => (Number.isNaN(value) ? '' : value));
        return `${past.orderId},${past.day},${past.fraud ? 1 : 0},${values.join(',')}\n`;
      });
    events += rows.length;
    yield rows.join('');
    const last = batch.at(-1)?.day ?? 0;
    if (last > toDay) break;
    if (process.stderr.isTTY) process.stderr.write(`\r${events} orders, day ${last}`);
  }
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

const out = createWriteStream(options.out);
if (options.out.endsWith('.gz')) await pipeline(lines(options.orders), createGzip(), out);
else await pipeline(lines(options.orders), out);
const seconds = (performance.now() - startedAt) / 1000;
const peakMb = process.resourceUsage().maxRSS / 1024;
const { user, system } = process.cpuUsage();
console.log(
  JSON.stringify({
    events,
    seconds: Number(seconds.toFixed(2)),
    peak_mb: Math.round(peakMb),
    // Steadier than seconds on a busy machine; the collector's threads are in it.
    cpu_seconds: Number(((user + system) / 1e6).toFixed(2)),
  }),
);
