import type { Decision } from '../domain/risk/decision.ts';
import { featuresOf } from '../domain/risk/features/library.ts';
import { isCurrency, money, type Currency } from '../kernel/money.ts';
import { conclude } from '../risk/conclusion.ts';
import { featureValues, findingsOf } from '../risk/evidence.ts';
import { loadGeneration } from '../risk/generation.ts';
import type { Model } from '../risk/model/model.ts';
import { createEntries } from '../risk/policy/entries.ts';
import { records } from '../risk/replay/orders.ts';
import { chargebackDelayMs, replay, type PastEvent } from '../risk/replay/replay.ts';
import { replaySettings } from './replay-settings.ts';
import { readArguments } from './arguments.ts';

/**
 * `npm run ring [-- --data FILE]`: lives through a sign-up ring under the shipped policies and says whom they would not have let
 * through unproven: at sign-up, and at the latest at the first purchase. Exits non-zero when the ring is not caught.
 */
const { values: options } = readArguments({
  options: {
    data: { type: 'string', default: '../shared/data/signups-2015/signups.csv.gz' },
    policies: { type: 'string', default: 'policies' },
    models: { type: 'string', default: 'models' },
  },
});

/** The ring works from 1 to 13 January 2015; fraud after that is random in this data, and nothing is claimed of it. */
const ringEndsAt = Date.parse('2015-01-14T00:00:00Z');
const currency = 'USD' as Currency;
if (!isCurrency(currency)) throw new Error('USD');

type Account = {
  readonly fraud: boolean;
  readonly inRing: boolean;
  alarmedAtSignUp: boolean;
  alarmedAtPurchase: boolean;
};
type Step = PastEvent & { readonly account: string };

const accounts = new Map<string, Account>();
const steps: Step[] = [];
for await (const record of records(options.data)) {
  const {
    account_id = '',
    signed_up_at = '',
    first_purchase_at = '',
    amount_minor = '',
    device_id = '',
    ip = '',
  } = record;
  const signedUpAt = Date.parse(signed_up_at);
  const signals = { account: { id: account_id }, device: { id: device_id, ip } };
  accounts.set(account_id, {
    fraud: record['is_fraud'] === '1',
    inRing: signedUpAt < ringEndsAt,
    alarmedAtSignUp: false,
    alarmedAtPurchase: false,
  });
  steps.push({ event: 'account_creation', at: signedUpAt, account: account_id, fraud: null, signals });
  const order = { total: money(BigInt(amount_minor), currency) };
  // Nobody buys before the account exists: at the same second the purchase is the later one.
  const at = Math.max(Date.parse(first_purchase_at), signedUpAt + 1);
  steps.push({ event: 'checkout', at, account: account_id, fraud: null, signals: { ...signals, order } });
}
steps.sort((a, b) => a.at - b.at);

const { deciders } = await loadGeneration({ policies: options.policies, models: options.models });
const nobodyListed = createEntries();

/** What the shipped policy of this event decides, with its model, on the values that a live assessment would have read. */
async function decide({ event, signals, at }: Step, values: readonly number[]): Promise<Decision> {
  const decider = deciders.get(event);
  if (decider === undefined) throw new Error(`there is no policy for ${event}`);
  const features = featuresOf(event);
  const basis = {
    features,
    values: featureValues(features, values),
    findings: findingsOf(signals, {}, decider.policy.lookups, nobodyListed, at),
    degraded: [],
    snoozed: new Set<string>(),
  };
  const score = async (asked: Model, row: Float32Array): Promise<number> =>
    (await asked.score(row)).probability;
  return (await conclude({ ...decider, challengers: [] }, basis, score)).decision;
}

for await (const { past, values } of replay(steps, replaySettings(chargebackDelayMs))) {
  const account = accounts.get(past.account);
  if (account === undefined || (await decide(past, values)) === 'allow') continue;
  account.alarmedAtPurchase = true;
  if (past.event === 'account_creation') account.alarmedAtSignUp = true;
}

const inRing = [...accounts.values()].filter((account) => account.inRing);
const after = [...accounts.values()].filter((account) => !account.inRing);
const rounded = (value: number): number => Number(value.toFixed(4));
const quality = (alarmed: (account: Account) => boolean) => {
  const alarms = inRing.filter(alarmed);
  const caught = alarms.filter(({ fraud }) => fraud).length;
  return {
    precision: rounded(caught / alarms.length),
    recall: rounded(caught / inRing.filter(({ fraud }) => fraud).length),
    alarms_other_days: after.filter(alarmed).length,
    false_alarms_other_days: after.filter((account) => alarmed(account) && !account.fraud).length,
  };
};
const atSignUp = quality((account) => account.alarmedAtSignUp);
const byPurchase = quality((account) => account.alarmedAtPurchase);
console.log(
  JSON.stringify({
    accounts: inRing.length,
    frauds: inRing.filter(({ fraud }) => fraud).length,
    ...byPurchase,
    at_sign_up: atSignUp,
    accounts_other_days: after.length,
  }),
);
process.exitCode = byPurchase.precision >= 0.92 && byPurchase.recall >= 0.8 ? 0 : 1;
