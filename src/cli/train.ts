import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { featuresOf } from '../domain/risk/features/library.ts';
import { orders as past } from '../risk/replay/orders.ts';
import { modelCard, type Training } from './model-card.ts';
import { writeFeatures } from './model-files.ts';
import { checkoutInputs } from './model-inputs.ts';
import { run, trainerPython } from './trainer.ts';
import { readArguments } from './arguments.ts';

/**
 * `npm run train -- --orders FILE [--to-day N] [--out models/checkout-1]`: replays the orders up to day N and trains on those whose labels
 * are mature then. Python does the fitting only, in a virtual environment of its own.
 */
const { values: options } = readArguments({
  options: {
    orders: { type: 'string' },
    'to-day': { type: 'string' },
    out: { type: 'string', default: 'models/checkout-1' },
    cache: { type: 'string', default: '.tillgate/training' },
  },
});
if (!options.orders) {
  console.error('usage: npm run train -- --orders FILE [--to-day N] [--out DIR]');
  process.exit(2);
}
const { orders, out, cache } = options;

/** The first is what is served; the others teach the model what label history means before 30 days of it exist. */
const labelDelaysDays = [30, 10, 4];
const maturityDays = 30;

const steps = labelDelaysDays.length + 2;
let step = 0;
const say = (what: string): void => {
  step += 1;
  if (process.stderr.isTTY) process.stderr.write(`[${step}/${steps}] ${what}\n`);
};

mkdirSync(cache, { recursive: true });
say('prepare Python');
const python = trainerPython(cache);
const toDay = options['to-day'] === undefined ? await lastDay(orders) : Number(options['to-day']);
const replays = labelDelaysDays.map((delay) => {
  say(`replay with labels known after ${delay} days`);
  const file = join(cache, `features-${delay}.csv`);
  run(process.execPath, [
    join(import.meta.dirname, 'features.ts'),
    ...['--orders', orders, '--out', file, '--label-delay-days', `${delay}`, '--to-day', `${toDay}`],
  ]);
  return file;
});

say('train');
const inputs = featuresOf('checkout').filter((feature) => checkoutInputs.has(feature.name));
mkdirSync(out, { recursive: true });
writeFeatures(out, 'checkout', inputs);
const answer = run(python, [
  'models/training/train.py',
  ...['--features', ...replays],
  ...['--mature-day', `${toDay - maturityDays}`],
  ...['--out', out],
]);
const training = JSON.parse(answer) as Training;

const name = out.split('/').at(-1) ?? out;
const dataHash = createHash('sha256').update(readFileSync(orders)).digest('hex');
writeFileSync(
  join(out, 'card.md'),
  modelCard({ name, dataHash, toDay, maturityDays, labelDelaysDays, training }),
);
console.log(
  JSON.stringify({ model: name, rows: training.rows, auc: round(training.auc), ap: round(training.ap) }),
);

async function lastDay(file: string): Promise<number> {
  let last = 0;
  for await (const { day } of past(file)) last = day;
  return last;
}

function round(value: number): number {
  return Number(value.toFixed(4));
}
