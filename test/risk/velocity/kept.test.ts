import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { entityKinds } from '../../../src/domain/risk/entities.ts';
import { evaluate } from '../../../src/domain/risk/features/feature.ts';
import { featuresOf } from '../../../src/domain/risk/features/library.ts';
import { keptVelocity, type KeptVelocity } from '../../../src/risk/velocity/kept.ts';
import { memoryVelocity } from '../../../src/risk/velocity/memory.ts';
import { openPatiently, type Database } from '../../../src/store/database.ts';
import { postgresStore } from '../../../src/store/postgres-store.ts';
import type { ObservationStore } from '../../../src/store/observation-store.ts';
import { freshDatabase, type FreshDatabase } from '../../harness/database.ts';
import { contextAt, happeningsFrom, merchant } from './events.ts';

let fresh: FreshDatabase;
let database: Database;
let observations: ObservationStore;
beforeAll(async () => {
  fresh = await freshDatabase();
  database = openPatiently(fresh.url, 4);
  observations = postgresStore(database).observations;
});
afterAll(async () => {
  await database.close();
  await fresh.drop();
});

const failures: unknown[] = [];
const open = (store: ObservationStore, told: number[] = []): Promise<KeptVelocity> =>
  keptVelocity(memoryVelocity(), store, {
    progress: (count) => told.push(count),
    failed: (_, cause) => failures.push(cause),
  });

const secret = 'a secret of these tests';
const past = [...happeningsFrom(40, 700)];
const last = past.at(-1)!;
const later = { ...last, at: last.at + 1_000 };

/** Every feature of every buyer, a second after the last event. */
async function everything(velocity: KeptVelocity): Promise<number[][]> {
  const found: number[][] = [];
  for (const { event, signals } of past) {
    const context = contextAt(secret, { signals, at: later.at });
    found.push(
      evaluate(featuresOf(event), { ...context, histories: await velocity.read(merchant, context.keys) }),
    );
  }
  return found;
}

test('after a restart every feature is what it was', async () => {
  const before = await open(observations);
  await before.warm;
  let told = 0;
  for (const happening of past) {
    const { keys } = contextAt(secret, happening);
    for (const change of happening.changes) {
      await before.observe(merchant, keys, change);
      told += 1;
    }
  }
  const was = await everything(before);
  await before.close();

  const counts: number[] = [];
  const after = await open(observations, counts);
  await after.warm;
  expect(counts).toEqual([told]);
  expect(await everything(after)).toEqual(was);
  expect(was.flat().filter((value) => value > 0).length).toBeGreaterThan(10_000);
  await after.close();
});

test('what is kept names nobody', async () => {
  const rows = JSON.stringify(await database.rows({ parts: ['select keys from observations'], values: [] }));
  expect(rows.length).toBeGreaterThan(100_000);
  for (const { signals } of past.slice(0, 100))
    for (const value of [signals.email, signals.name, signals.account?.id, signals.card?.fingerprint])
      if (value !== undefined) expect(rows).not.toContain(value);
});

test('while histories are read back there are none, and what happens meanwhile is counted once', async () => {
  let go = (): void => undefined;
  const gate = new Promise<void>((resolve) => (go = resolve));
  const slow: ObservationStore = {
    ...observations,
    read: async (stretch) => {
      await gate;
      return observations.read(stretch);
    },
  };
  const { keys } = contextAt(secret, later);
  const attempts = async (velocity: KeptVelocity): Promise<number | undefined> =>
    (await velocity.read(merchant, keys)).shop?.attempts;

  const velocity = await open(slow);
  await expect(velocity.read(merchant, keys)).rejects.toMatchObject({ code: 'velocity_unavailable' });
  await velocity.observe(merchant, keys, { what: 'checkout', at: later.at, amount: 1 });
  // Long enough for it to be written before the older ones are read.
  await sleep(200);
  go();
  await velocity.warm;
  expect(await attempts(velocity)).toBe(past.length + 1);
  await velocity.close();

  const next = await open(observations);
  await next.warm;
  expect(await attempts(next)).toBe(past.length + 1);
  await next.close();
});

test('a database that is away for a moment delays the histories and loses none', async () => {
  let tries = 0;
  const shaky: ObservationStore = {
    ...observations,
    read: (stretch) => {
      tries += 1;
      return tries === 1 ? Promise.reject(new Error('away')) : observations.read(stretch);
    },
  };
  const velocity = await open(shaky);
  await velocity.warm;
  expect(failures).toHaveLength(1);
  expect((await velocity.read(merchant, contextAt(secret, later).keys)).shop?.attempts).toBe(past.length + 1);
  await velocity.close();
});

test('only the newest observations are kept', async () => {
  await observations.keepNewest(100);
  const { observed, rest } = await observations.read(await observations.newest(1_000));
  expect([observed.length, rest]).toEqual([100, null]);
  expect((await observations.read(await observations.newest(7))).observed).toEqual(observed.slice(-7));
  expect(Object.keys(observed[0]!.keys).every((kind) => entityKinds.some((each) => each === kind))).toBe(
    true,
  );
});
