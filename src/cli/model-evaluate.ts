import { existsSync } from 'node:fs';
import { featuresOf } from '../domain/risk/features/library.ts';
import { loadModel } from '../risk/model/model.ts';
import { orders, type PastOrder } from '../risk/replay/orders.ts';
import { chargebackDelayMs, replay } from '../risk/replay/replay.ts';
import { bootstrap, rankingOf, seeded, type Judged } from './ranking.ts';
import { replaySettings } from './replay-settings.ts';
import { readArguments } from './arguments.ts';

/**
 * `npm run model:evaluate -- --orders FILE --from-day N [--history FILE] [--to-day N] [--model DIR] [--json]`: replays FILE with
 * the shipped model and measures it on the days from N on. Trains nothing. Days before N, and the orders of --history before
 * them, only give the features their past: the more of it there is, the truer.
 */
const { values: options } = readArguments({
  options: {
    orders: { type: 'string' },
    history: { type: 'string' },
    'from-day': { type: 'string' },
    'to-day': { type: 'string', default: 'Infinity' },
    model: { type: 'string', default: 'models/checkout-1' },
    json: { type: 'boolean', default: false },
  },
});
const [fromDay, toDay] = [Number(options['from-day']), Number(options['to-day'])];
if (!options.orders || !existsSync(options.orders) || Number.isNaN(fromDay) || Number.isNaN(toDay)) {
  console.error(
    'usage: npm run model:evaluate -- --orders FILE --from-day N [--history FILE] [--to-day N] [--model DIR] [--json]',
  );
  process.exit(2);
}

/** The rule a shop writes first, beside "this e-mail has a known fraud": three orders on the e-mail in the 24 hours before. */
const ruleOrdersMin = 3;

/** An order as the model, the two rules and the two together judge it. */
type JudgedOrder = Judged & {
  readonly buyer: string;
  readonly known: boolean;
  readonly ruled: boolean;
  readonly returning: boolean;
};

const model = await loadModel(options.model);
const columns = new Map(featuresOf('checkout').map((feature, index) => [feature.name as string, index]));
const row = new Float32Array(model.features.length);
const files = [options.history, options.orders].filter((file) => file !== undefined);
const judged: JudgedOrder[] = [];
let events = 0;
for await (const { past, values } of replay(inOrder(files), replaySettings(chargebackDelayMs))) {
  events += 1;
  if (process.stderr.isTTY && events % 5000 === 0)
    process.stderr.write(`\r${events} orders, day ${past.day}`);
  if (past.day > toDay) break;
  if (past.day < fromDay) continue;
  const valueOf = (name: string): number => values[columns.get(name) ?? -1] ?? NaN;
  model.features.forEach((name, index) => (row[index] = valueOf(name)));
  const known = valueOf('email.known_frauds') > 0;
  judged.push({
    score: (await model.score(row)).logOdds,
    fraud: past.fraud,
    buyer: past.signals.email ?? past.customerId,
    known,
    ruled: known || valueOf('email.orders_24h') >= ruleOrdersMin,
    returning: !Number.isNaN(valueOf('email.days_known')),
  });
}
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');

/** The orders of one file after those of another. */
async function* inOrder(paths: readonly string[]): AsyncGenerator<PastOrder> {
  let last = -Infinity;
  for (const path of paths)
    for await (const order of orders(path)) {
      if (order.at < last) throw new Error(`${path} begins before the history ends`);
      last = order.at;
      yield order;
    }
}

const rounded = (value: number): number => Number(value.toFixed(4));
const share = <T>(items: readonly T[], is: (item: T) => boolean): number =>
  items.filter(is).length / items.length;
const frauds = judged.filter(({ fraud }) => fraud);
const goods = judged.filter(({ fraud }) => !fraud);
if (frauds.length === 0 || goods.length === 0) {
  console.error(
    `no ${frauds.length === 0 ? 'frauds' : 'good orders'} from day ${fromDay} on: nothing to measure`,
  );
  process.exit(1);
}

const ranking = rankingOf(judged);
const baseline = { fpr: share(goods, ({ ruled }) => ruled), recall: share(frauds, ({ ruled }) => ruled) };
/** The policy: a known fraud on the e-mail decides alone, the score decides the rest. */
const policyRecall = (sample: readonly JudgedOrder[]): number =>
  rankingOf(sample.map((order) => ({ ...order, score: order.score + (order.known ? 1e6 : 0) }))).recallAt(
    baseline.fpr,
  );
const summary = (part: readonly JudgedOrder[]): object => {
  const { auc, ap, recallAt } = rankingOf(part);
  return {
    rows: part.length,
    frauds: part.filter(({ fraud }) => fraud).length,
    auc: rounded(auc),
    ap: rounded(ap),
    recall_fpr_01: rounded(recallAt(0.01)),
  };
};
const buyers = [...Map.groupBy(judged, ({ buyer }) => buyer).values()];
const interval = (statistic: (sample: readonly JudgedOrder[]) => number): number[] =>
  bootstrap(buyers, statistic, seeded(1), 200).map(rounded);

const line = {
  rows: judged.length,
  frauds: frauds.length,
  auc: rounded(ranking.auc),
  ap: rounded(ranking.ap),
  recall_fpr_01: rounded(ranking.recallAt(0.01)),
  recall_fpr_05: rounded(ranking.recallAt(0.05)),
  lift_20: rounded(ranking.lift(0.2)),
  first_seen: summary(judged.filter(({ returning }) => !returning)),
  returning: summary(judged.filter(({ returning }) => returning)),
  baseline: { fpr: rounded(baseline.fpr), recall: rounded(baseline.recall) },
  recall_at_baseline_fpr: rounded(ranking.recallAt(baseline.fpr)),
  policy_recall_at_baseline_fpr: rounded(policyRecall(judged)),
  ci: {
    auc: interval((sample) => rankingOf(sample).auc),
    ap: interval((sample) => rankingOf(sample).ap),
    recall_fpr_01: interval((sample) => rankingOf(sample).recallAt(0.01)),
    policy_recall_at_baseline_fpr: interval(policyRecall),
  },
  model: { name: model.name, hash: model.hash },
};
if (!options.json) console.log(JSON.stringify(line, null, 2));
console.log(JSON.stringify(line));
