import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { featuresOf, library } from '../../../src/domain/risk/features/library.ts';
import { dayMs } from '../../../src/kernel/instant.ts';
import { createRisk } from '../../../src/risk/assess.ts';
import { featureValues } from '../../../src/risk/evidence.ts';
import { loadGeneration } from '../../../src/risk/generation.ts';
import { createEntries } from '../../../src/risk/policy/entries.ts';
import { orders } from '../../../src/risk/replay/orders.ts';
import {
  chargebackDelayMs,
  replay,
  type PastEvent,
  type Replayed,
  type ReplaySettings,
} from '../../../src/risk/replay/replay.ts';
import { featureHash } from '../../../src/risk/signals/feature-hash.ts';
import { keysWith } from '../../../src/risk/signals/keys.ts';
import type { Reference } from '../../../src/risk/signals/reference.ts';
import { memoryVelocity } from '../../../src/risk/velocity/memory.ts';
import { happeningsFrom, merchant } from '../velocity/events.ts';

/** Reference data that never changes, so that the golden hash does not either. */
const reference: Reference = {
  isDisposable: (domain) => domain === 'throwaway.example',
  isFree: (domain) => domain === 'gmail.com',
  isBot: () => false,
  isDatacenter: (ip) => ip.endsWith('.1'),
  isVpn: () => false,
  countryOf: () => 'DE',
  countriesOfZone: () => undefined,
  versions: { golden: '1' },
  missing: [],
};
const keysOf = keysWith('a secret of these tests');
const settings = () => ({
  merchantId: merchant,
  keysOf,
  reference,
  velocity: memoryVelocity(),
  labelDelayMs: chargebackDelayMs,
});
const past: readonly PastEvent[] = [...happeningsFrom(7, 400)].map(({ event, at, signals }, index) => ({
  event,
  at,
  signals,
  fraud: index % 5 === 0 ? null : index % 3 === 0,
}));

async function all<Past extends PastEvent>(steps: AsyncIterable<Replayed<Past>>): Promise<Replayed<Past>[]> {
  const found: Replayed<Past>[] = [];
  for await (const step of steps) found.push(step);
  return found;
}

test('a replay reads what live assessments of the same events read, bit for bit', async () => {
  const generation = await loadGeneration({ policies: 'policies', models: 'models' });
  const risk = createRisk({
    reading: { keysOf, reference },
    velocity: memoryVelocity(),
    deciders: () => generation.deciders,
    lists: () => createEntries(),
    snoozes: () => createEntries(),
    featuresHash: featureHash(library),
    deadlineMs: 10_000,
    failed: (part, cause) => {
      throw new Error(part, { cause });
    },
  });
  const replayed = await all(replay(past, settings()));
  const waiting = past.filter(({ fraud }) => fraud !== null);
  for (const [index, { event, at, signals }] of past.entries()) {
    for (let due = waiting[0]; due && due.at + chargebackDelayMs <= at; due = waiting[0]) {
      const { signals, fraud, at: happenedAt } = due;
      risk.observe({
        merchantId: merchant,
        at,
        signals,
        what: 'labelled',
        fraud: fraud === true,
        happenedAt,
      });
      waiting.shift();
    }
    const live = await risk.assess({ id: `asm_${index}`, merchantId: merchant, event, at, signals });
    expect(live.degraded).toEqual([]);
    expect(live.features).toEqual(featureValues(featuresOf(event), replayed[index]!.values));
    risk.observe({ merchantId: merchant, at, signals, what: 'attempted', event });
  }
});

test('the features of a made-up past are what they were', async () => {
  const replayed = await all(replay(past, settings()));
  const values = replayed.map(({ past: { event }, values }) => featureValues(featuresOf(event), values));
  const hash = createHash('sha256').update(JSON.stringify(values)).digest('hex');
  // Changes with the library; when it does without a change of a declaration, a feature silently got another meaning.
  expect(hash).toBe('90d81b0eb12cf47d51ed3de36bc2fabeb701795efde121b796d4da0ce98bf5f5');
});

test('an event never counts itself, and a label is known after its delay and not before', async () => {
  const signals = { email: 'ann@mail.example' };
  const start = Date.UTC(2026, 0, 1);
  const days = [0, 29.999, 30, 31];
  const steps = await all(
    replay(
      days.map((day) => ({ event: 'checkout', at: start + day * dayMs, signals, fraud: day === 0 }) as const),
      settings(),
    ),
  );
  const column = (name: string): number =>
    featuresOf('checkout').findIndex((feature) => feature.name === name);
  const read = (name: string): (number | undefined)[] => steps.map(({ values }) => values[column(name)]);
  expect(read('email.orders_30d')).toEqual([0, 1, 1, 2]);
  expect(read('email.known_frauds')).toEqual([0, 0, 1, 1]);
  expect(read('email.days_since_fraud')).toEqual([NaN, NaN, 30, 31]);
});

test('what nobody complained of counts as good after a delay of its own', async () => {
  const signals = { email: 'ann@mail.example' };
  const days = [0, 30, 89.999, 90];
  const past = days.map((day) => ({ event: 'checkout', at: day * dayMs, signals, fraud: false }) as const);
  const goods = featuresOf('checkout').findIndex(({ name }) => name === 'email.known_goods');
  const read = async (settings: ReplaySettings): Promise<(number | undefined)[]> =>
    (await all(replay(past, settings))).map(({ values }) => values[goods]);
  expect(await read(settings())).toEqual([0, 1, 2, 2]);
  expect(await read({ ...settings(), goodDelayMs: 90 * dayMs })).toEqual([0, 0, 0, 1]);
});

const header =
  'order_id,occurred_at,day,customer_id,email,amount_minor,currency,billing_country,billing_state,billing_zip3,is_fraud';
const line = (at: string, amount = '100'): string => `o1,${at},0,c1,a@b.example,${amount},USD,US,CA,900,0`;

test.each([
  ['goes back in time', [line('2026-01-02T00:00:00Z'), line('2026-01-01T00:00:00Z')], /:3: earlier/],
  ['has no amount', [line('2026-01-01T00:00:00Z', '')], /:2: not an order/],
  ['has a fraction of a minor unit', [line('2026-01-01T00:00:00Z', '1.5')], /:2: not an order/],
])('an orders file that %s is refused with its line', async (_, lines, message) => {
  const directory = await mkdtemp(join(tmpdir(), 'tillgate-orders-'));
  const file = join(directory, 'orders.csv');
  await writeFile(file, `${[header, ...lines].join('\n')}\n`);
  await expect(all(replay(orders(file), settings()))).rejects.toThrow(message);
  await rm(directory, { recursive: true });
});
