import { parseArgs } from 'node:util';
import { featuresOf } from '../domain/risk/features/library.ts';
import { isCurrency, money, type Currency } from '../kernel/money.ts';
import { loadModel } from '../risk/model/model.ts';
import { records } from '../risk/replay/orders.ts';
import { chargebackDelayMs, replay, type PastEvent } from '../risk/replay/replay.ts';
import { replaySettings } from './replay-settings.ts';

/**
 * `npm run bench:ring [-- --data FILE]`: lives through a sign-up ring with the shipped scorecard and says which accounts it would have stopped:
 * at sign-up, and at the latest at the first purchase. Exits non-zero when the ring is not caught.
 */
const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data/signups-2015/signups.csv.gz' },
    model: { type: 'string', default: 'models/account-creation-1' },
  },
});

/** The ring works from 1 to 13 January 2015; fraud after that is random in this data, and nothing is claimed of it. */
const ringEndsAt = Date.parse('2015-01-14T00:00:00Z');
const currency = 'USD' as Currency;
if (!isCurrency(currency)) throw new Error('USD');

type Account = {
  readonly fraud: boolean;
  readonly inRing: boolean;
  readonly device: string;
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
    device: device_id,
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

const model = await loadModel(options.model);
const columnOf = (event: 'account_creation' | 'checkout', name: string): number =>
  featuresOf(event).findIndex((feature) => feature.name === name);
const columns = model.features.map((name) => columnOf('account_creation', name));
const sinceSignUp = columnOf('checkout', 'account.minutes_since_signup');
const onDevice = columnOf('checkout', 'device.accounts_30d');
/** The scorecard asks for proof where a sign-up is more likely fraud than one in four. */
const challengeAt = 0.25;

for await (const { past, values } of replay(steps, replaySettings(chargebackDelayMs))) {
  const account = accounts.get(past.account);
  if (account === undefined) continue;
  if (past.event === 'account_creation') {
    const row = Float32Array.from(columns, (column) => values[column] ?? NaN);
    account.alarmedAtSignUp = (await model.score(row)).probability >= challengeAt;
  } else {
    // Bought within a minute of signing up, or on a device that by now has a second account.
    account.alarmedAtPurchase =
      account.alarmedAtSignUp || (values[sinceSignUp] ?? NaN) < 1 || (values[onDevice] ?? NaN) >= 2;
  }
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
