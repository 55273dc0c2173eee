import { createHash } from 'node:crypto';
import { createWriteStream, mkdirSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { codeOf, entryWidth, place, unseen, type Happening, type History } from '../domain/risk/entities.ts';
import type { MerchantId } from '../kernel/ids.ts';
import { dayMs, type Instant } from '../kernel/instant.ts';
import { records } from '../risk/replay/orders.ts';
import { memoryVelocity } from '../risk/velocity/memory.ts';
import { run, trainerPython } from './trainer.ts';
import { readArguments } from './arguments.ts';

/**
 * `npm run bench:handbook [-- --data FILE]`: the published table of the Fraud Detection Handbook (chapter 3, simulated data), from our own
 * histories and replay. It counts as the Handbook does, the transaction in flight included, which our features never do.
 *
 * A terminal's windows reach 37 days back. A file that begins on 06-25 cuts them short for the days that are trained on; one
 * that begins by 06-18 gives the published table (models/training/README.md has both).
 */
const { values: options } = readArguments({
  options: {
    data: { type: 'string', default: '../shared/data/handbook-2018/transactions.csv.gz' },
    cache: { type: 'string', default: '.tillgate/training' },
  },
});
const windowsDays = [1, 7, 30];
const labelDelayMs = 7 * dayMs;
const merchant: MerchantId = 'mer_00000000000000000000000000';
const keyOf = (kind: string, id: string): string =>
  createHash('sha256').update(`${kind}\n${id}`).digest('base64url').slice(0, 12);

/** Entries of one kind with `since < at <= until`: how many, and their sum. */
function between(history: History | undefined, what: Happening, since: Instant, until: Instant) {
  const code = codeOf(what);
  const { log, from, to } = history ?? unseen;
  let count = 0;
  let sum = 0;
  for (let entry = from; entry < to; entry += entryWidth) {
    const at = log[entry + place.at] ?? NaN;
    if (log[entry + place.what] !== code || at <= since || at > until) continue;
    count += 1;
    sum += log[entry + place.amount] ?? NaN;
  }
  return { count, sum };
}

async function* lines(file: string): AsyncGenerator<string> {
  const names = windowsDays.flatMap((days) =>
    ['customer_count', 'customer_mean', 'terminal_count', 'terminal_risk'].map((name) => `${name}_${days}d`),
  );
  yield `customer,day,is_fraud,amount,weekend,night,${names.join(',')}\n`;
  // A terminal has some forty transactions in 37 days, a customer up to 150: all of them count here.
  const velocity = memoryVelocity(undefined, 512);
  const unlabelled: { at: Instant; terminal: string }[] = [];
  for await (const record of records(file)) {
    const at = Date.parse(record['occurred_at'] ?? '');
    const amount = Number(record['amount_minor']) / 100;
    const fraud = record['is_fraud'] === '1';
    const customer = keyOf('customer', record['customer_id'] ?? '');
    const terminal = keyOf('terminal', record['terminal_id'] ?? '');
    const day = Math.floor(at / dayMs);

    // A fraud that became known is a decline of its terminal, at the time it took place.
    for (let due = unlabelled[0]; due && due.at + labelDelayMs <= at; due = unlabelled[0]) {
      await velocity.observe(
        merchant,
        { device: due.terminal },
        { what: 'declined', at: due.at, amount: NaN },
      );
      unlabelled.shift();
    }
    const histories = await velocity.read(merchant, { account: customer, device: terminal });
    const values = windowsDays.flatMap((days) => {
      const past = between(histories.account, 'checkout', at - days * dayMs, at);
      const until = at - labelDelayMs;
      const shifted = between(histories.device, 'checkout', until - days * dayMs, until).count;
      const frauds = between(histories.device, 'declined', until - days * dayMs, until).count;
      const customerCount = past.count + 1;
      return [
        customerCount,
        (past.sum + amount) / customerCount,
        shifted,
        shifted === 0 ? 0 : frauds / shifted,
      ];
    });
    const weekday = new Date(at).getUTCDay();
    const weekend = weekday === 0 || weekday === 6 ? 1 : 0;
    const night = new Date(at).getUTCHours() <= 6 ? 1 : 0;
    yield `${record['customer_id']},${day},${fraud ? 1 : 0},${amount},${weekend},${night},${values.join(',')}\n`;
    await velocity.observe(
      merchant,
      { account: customer, device: terminal },
      { what: 'checkout', at, amount },
    );
    if (fraud) unlabelled.push({ at, terminal });
  }
}

mkdirSync(options.cache, { recursive: true });
const python = trainerPython(options.cache);
const file = `${options.cache}/handbook.csv`;
await pipeline(lines(options.data), createWriteStream(file));
process.stdout.write(run(python, ['models/training/handbook.py', file]));
