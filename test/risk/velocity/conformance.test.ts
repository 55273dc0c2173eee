import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { evaluate } from '../../../src/domain/risk/features/feature.ts';
import {
  entriesMax,
  entryWidth,
  markOf,
  unseen,
  type EntityKeys,
  type History,
} from '../../../src/domain/risk/entities.ts';
import { featuresOf } from '../../../src/domain/risk/features/library.ts';
import type { Velocity } from '../../../src/risk/velocity/velocity.ts';
import { memoryVelocity } from '../../../src/risk/velocity/memory.ts';
import { redisVelocity } from '../../../src/risk/velocity/redis.ts';
import { describeWithRedis } from '../../harness/redis.ts';
import { entriesOf } from './entries.ts';
import { happeningsFrom, contextAt, merchant } from './events.ts';

const conformance = (open: () => Promise<Velocity>) => () => {
  let velocity: Velocity;
  let email: string;
  const at = Date.parse('2026-03-01T12:00:00Z');
  beforeAll(async () => {
    velocity = await open();
  });
  afterAll(() => velocity.close());
  const fresh = (): string => randomUUID().replaceAll('-', '').slice(0, 12);

  test('an entity that never happened is unseen', async () => {
    email = fresh();
    const history = (await velocity.read(merchant, { email })).email;
    expect(entriesOf(history)).toEqual([]);
    expect({ ...unseen, ...history, log: [], from: 0, to: 0 }).toEqual(unseen);
  });

  test('an entity that is not named has no history', async () => {
    expect(await velocity.read(merchant, {})).toEqual({});
  });

  test('an attempt is remembered by every entity that it names', async () => {
    const keys = { email: fresh(), card: fresh() };
    await velocity.observe(merchant, keys, { what: 'checkout', at, amount: 12.34 });
    const { email, card } = await velocity.read(merchant, keys);
    expect(email).toMatchObject({ firstSeenAt: at, attempts: 1, frauds: 0, goods: 0 });
    expect(entriesOf(email)).toEqual([{ what: 'checkout', at, amount: 12.34 }]);
    expect(card).toEqual(email);
    const place = email!.to - entryWidth;
    expect(email!.log[place + 4]).toBe(markOf(keys.email));
    expect(email!.log[place + 5]).toBe(markOf(keys.card));
    expect(email!.log[place + 6]).toBeNaN();
  });

  test('how an attempt ended is an entry and not another attempt', async () => {
    const keys = { email: fresh() };
    await velocity.observe(merchant, keys, { what: 'checkout', at, amount: 1 });
    await velocity.observe(merchant, keys, { what: 'declined', at: at + 1, amount: 1 });
    const history = (await velocity.read(merchant, keys)).email;
    expect(history?.attempts).toBe(1);
    expect(entriesOf(history).map((entry) => entry.what)).toEqual(['checkout', 'declined']);
  });

  test('an event without money has no amount', async () => {
    const keys = { email: fresh() };
    await velocity.observe(merchant, keys, { what: 'login', at, amount: NaN });
    expect(entriesOf((await velocity.read(merchant, keys)).email)[0]?.amount).toBeNaN();
  });

  test('labels add up and the latest fraud stays, whatever the order they come in', async () => {
    const keys = { email: fresh() };
    for (const happenedAt of [at, at - 5_000])
      await velocity.observe(merchant, keys, { what: 'labelled', fraud: true, happenedAt });
    await velocity.observe(merchant, keys, { what: 'labelled', fraud: false, happenedAt: at + 1 });
    expect((await velocity.read(merchant, keys)).email).toMatchObject({
      frauds: 2,
      goods: 1,
      lastFraudAt: at,
    });
  });

  test('only the newest entries are kept, oldest first, and the total goes on', async () => {
    const keys = { email: fresh() };
    for (let index = 0; index < entriesMax + 3; index += 1)
      await velocity.observe(merchant, keys, { what: 'checkout', at: at + index, amount: index });
    const history = (await velocity.read(merchant, keys)).email;
    expect(history?.attempts).toBe(entriesMax + 3);
    expect(entriesOf(history).map((entry) => entry.amount)).toEqual(
      Array.from({ length: entriesMax }, (_, index) => index + 3),
    );
  });

  test('what was read does not change with what happens later, to it or to one that shared its past', async () => {
    const [email, account] = [fresh(), fresh()];
    const happens = (keys: EntityKeys, amount: number): Promise<void> =>
      velocity.observe(merchant, keys, { what: 'checkout', at, amount });
    const amounts = (history: History | undefined): number[] =>
      entriesOf(history).map((entry) => entry.amount);
    await happens({ email, account }, 1);
    const before = (await velocity.read(merchant, { email })).email;
    await happens({ email }, 2);
    await happens({ account }, 3);
    const after = await velocity.read(merchant, { email, account });
    expect([before, after.email, after.account].map(amounts)).toEqual([[1], [1, 2], [1, 3]]);
  });

  test('ten observations at once are all counted', async () => {
    const keys = { email: fresh() };
    await Promise.all(
      Array.from({ length: 10 }, () => velocity.observe(merchant, keys, { what: 'checkout', at, amount: 1 })),
    );
    const history = (await velocity.read(merchant, keys)).email;
    expect(history).toMatchObject({ attempts: 10 });
    expect(entriesOf(history)).toHaveLength(10);
  });
};

const opened = async (url: string, answerMsMax = 30_000): Promise<Velocity> => {
  const velocity = redisVelocity(url, { answerMsMax });
  for (let tries = 0; tries < 100; tries += 1) {
    const ready = await velocity.read(merchant, { shop: 'ready' }).catch(() => null);
    if (ready) return velocity;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('Redis does not answer');
};

describe(
  'velocity in memory',
  conformance(() => Promise.resolve(memoryVelocity())),
);
describeWithRedis('velocity in Redis', (url) =>
  describe(
    'conforms',
    conformance(() => opened(url)),
  ),
);

describeWithRedis('two velocity stores', (url) => {
  test('give equal features for a thousand events of every kind', async () => {
    const [memory, redis] = [memoryVelocity(), await opened(url)];
    const secret = randomUUID();
    let compared = 0;
    for (const happening of happeningsFrom(20260301, 1000)) {
      const context = contextAt(secret, happening);
      const [ours, theirs] = await Promise.all([
        memory.read(merchant, context.keys),
        redis.read(merchant, context.keys),
      ]);
      const features = featuresOf(happening.event);
      expect(evaluate(features, { ...context, histories: theirs })).toEqual(
        evaluate(features, { ...context, histories: ours }),
      );
      compared += features.length;
      for (const change of happening.changes) {
        await memory.observe(merchant, context.keys, change);
        await redis.observe(merchant, context.keys, change);
      }
    }
    expect(compared).toBeGreaterThan(50_000);
    await redis.close();
  });
});

test('the oldest entities are forgotten before memory runs out', async () => {
  const velocity = memoryVelocity(100);
  for (let index = 0; index < 1000; index += 1) {
    await velocity.observe(
      merchant,
      { email: `e${index}`, shop: 'all' },
      { what: 'checkout', at: index, amount: 1 },
    );
    expect(velocity.size()).toBeLessThanOrEqual(100);
  }
  const { email, shop } = await velocity.read(merchant, { email: 'e0', shop: 'all' });
  expect(email).toEqual(unseen);
  expect(shop?.attempts).toBe(1000);
  expect((await velocity.read(merchant, { email: 'e999' })).email?.attempts).toBe(1);
});

describe('velocity without Redis', () => {
  test('is unavailable, at once, when nothing listens', async () => {
    const velocity = redisVelocity('redis://127.0.0.1:1');
    await expect(velocity.read(merchant, { email: 'x' })).rejects.toMatchObject({
      code: 'velocity_unavailable',
    });
    await velocity.close();
  });
});

describeWithRedis('velocity with a slow Redis', (url) => {
  test('is unavailable once the time for an answer is over', async () => {
    const { Redis } = await import('ioredis');
    const admin = new Redis(url);
    const impatient = await opened(url, 50);
    await admin.call('client', 'pause', '400', 'all');
    await expect(impatient.read(merchant, { email: 'x' })).rejects.toMatchObject({
      code: 'velocity_unavailable',
    });
    await admin.call('client', 'unpause');
    await Promise.all([impatient.close(), admin.quit()]);
  });
});
