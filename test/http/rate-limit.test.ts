import { afterAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { readFileSync } from 'node:fs';
import { limitProblem, callCost, rateLimiter, type Visit } from '../../src/http/rate-limit/rate-limiter.ts';
import { readLimits, type Limit } from '../../src/http/rate-limit/limits.ts';
import { patience } from '../../src/http/rate-limit/patience.ts';
import { insuredStore, memoryStore, redisStore, type LimitStore } from '../../src/http/rate-limit/store.ts';
import { describeWithRedis } from '../harness/redis.ts';

const shipped = readFileSync(new URL('../../policies/limits.yaml', import.meta.url), 'utf8');

function limitsOf(text: string): readonly Limit[] {
  const read = readLimits(text);
  if (!read.ok) throw new Error(read.mistakes.join('\n'));
  return read.limits;
}

const one = limitsOf(`
limits:
  - { id: by-address, by: address, calls: [confirm], allow: 10, window: 1m, cost: { call: 1, failure: 4 }, strict: { allow: 3, answer: challenge } }
`);
const visit = (address: string, more: Partial<Visit> = {}): Visit => ({
  call: 'confirm',
  caller: 'publishable',
  keys: { address, merchant: 'mer_1' },
  ...more,
});

describe('the limits file', () => {
  test('that is shipped is right, and its ids are unique', () => {
    expect(readLimits(shipped)).toMatchObject({ ok: true });
  });

  test('that is shipped lets a shop server do 500 checkouts a second with one card, and its browsers pay', async () => {
    const limiter = rateLimiter({ limits: limitsOf(shipped), store: memoryStore({ now: () => 0 }) });
    const keys = {
      merchant: 'm',
      api_key: 'k',
      address: '10.0.0.1',
      network: '10.0.0.0/24',
      card: 'c',
      bin: '411111',
      email: 'e',
    };
    for (let at = 0; at < 1_500; at += 1) {
      for (const call of ['create', 'confirm', 'read'] as const) {
        expect(await limiter.consume({ call, caller: 'secret', keys })).toMatchObject({ ok: true });
      }
    }
  });

  test.each([
    ['limits:\n  - { id: a-limit, by: adress, allow: 1, window: 1m }', 'limits.yaml:2:24 limits.0.by'],
    [
      'limits:\n  - id: a-limit\n    by: address\n    allow: 0\n    window: 1m',
      'limits.yaml:4:12 limits.0.allow',
    ],
    [
      'limits:\n  - id: a-limit\n    by: address\n    allow: 5\n    windwo: 1m',
      'limits.yaml:5:13 limits.0.windwo',
    ],
    ['limits:\n  - { id: a-limit, by: address, allow: 1, window: 1 minute }', 'write a number and s, m or h'],
    [
      'limits:\n  - { id: a-limit, by: address, allow: 1, window: 1m }\n  - { id: a-limit, by: card, allow: 1, window: 1m }',
      'limits.yaml:3:11 limits.1.id: there is another limit a-limit',
    ],
    [
      'limits:\n  - { id: a-limit, by: address, allow: 1, window: 1m, strict: { allow: 2 } }',
      'must not allow more',
    ],
    ['limits:\n  - { id: a-limit, by: address, allow: 1, window: 1m, cost: { call: 0 } }', 'counts nothing'],
    ['limits: [', 'limits.yaml:1:'],
    ['limits: []\nlimits: []', 'limits.yaml:2:1'],
    ['', 'limits.yaml:1:1'],
  ])('%j is refused where it is wrong', (text, mistake) => {
    const read = readLimits(text, 'limits.yaml');
    expect(read.ok ? 'accepted' : read.mistakes.join('\n')).toContain(mistake);
  });
});

describe('a rate limit', () => {
  test('lets the allowed calls through, then refuses with Retry-After, then forgets', async () => {
    let now = 0;
    const limiter = rateLimiter({ limits: one, store: memoryStore({ now: () => now }) });
    for (let left = 9; left >= 0; left -= 1) {
      expect(await limiter.consume(visit('a'))).toEqual({
        ok: true,
        headers: { 'ratelimit-policy': '"by-address";q=10;w=60', ratelimit: `"by-address";r=${left};t=60` },
      });
    }
    now = 20_000;
    const refused = await limiter.consume(visit('a'));
    expect(refused).toMatchObject({ ok: false, limit: 'by-address', retryAfterS: 40, answer: 'refuse' });
    if (!refused.ok) expect(limitProblem(refused)).toMatchObject({ code: 'quota_exceeded', retryAfterS: 40 });
    now = 60_000;
    expect(await limiter.consume(visit('a'))).toMatchObject({ ok: true });
  });

  test('counts each address, and each merchant, for itself', async () => {
    const limiter = rateLimiter({ limits: one, store: memoryStore() });
    for (let at = 0; at < 11; at += 1) await limiter.consume(visit('a'));
    expect(await limiter.consume(visit('a'))).toMatchObject({ ok: false });
    expect(await limiter.consume(visit('b'))).toMatchObject({ ok: true });
    expect(await limiter.consume(visit('a', { keys: { address: 'a', merchant: 'mer_2' } }))).toMatchObject({
      ok: true,
    });
    expect(await limiter.consume(visit('a', { call: 'read' }))).toEqual({ ok: true, headers: {} });
  });

  test('weighs failures more than attempts', async () => {
    const limiter = rateLimiter({ limits: one, store: memoryStore() });
    for (let at = 0; at < 2; at += 1) {
      expect(await limiter.consume(visit('a'))).toMatchObject({ ok: true });
      await limiter.settle(visit('a'), { failed: true });
    }
    expect(await limiter.consume(visit('a'))).toMatchObject({ ok: false });
  });

  test('charges a call by its risk score', async () => {
    expect([0, 0.5, 1, 7, -1].map(callCost)).toEqual([1, 3, 5, 5, 1]);
    const limiter = rateLimiter({ limits: one, store: memoryStore() });
    for (let at = 0; at < 2; at += 1) {
      await limiter.consume(visit('a'));
      await limiter.settle(visit('a'), { failed: false, score: 1 });
    }
    expect(await limiter.consume(visit('a'))).toMatchObject({ ok: false });
  });

  test('is tighter under the strict profile, and asks for a challenge that can be solved', async () => {
    const limiter = rateLimiter({ limits: one, store: memoryStore() });
    for (let at = 0; at < 3; at += 1) await limiter.consume(visit('a', { profile: 'strict' }));
    const asked = await limiter.consume(visit('a', { profile: 'strict' }));
    expect(asked).toMatchObject({ ok: false, answer: 'challenge' });
    if (!asked.ok) expect(limitProblem(asked).code).toBe('challenge_required');
    expect(await limiter.consume(visit('a', { profile: 'strict', challengeSolved: true }))).toMatchObject({
      ok: true,
    });
    expect(await limiter.consume(visit('a'))).toMatchObject({ ok: true });
  });

  test('on failures alone refuses the call after the last allowed failure', async () => {
    const limits = limitsOf(
      'limits:\n  - { id: failures, by: bin, allow: 2, window: 1m, cost: { call: 0, failure: 1 } }',
    );
    const limiter = rateLimiter({ limits, store: memoryStore() });
    const buyer: Visit = { call: 'confirm', caller: 'publishable', keys: { bin: '411111' } };
    for (let at = 0; at < 50; at += 1) expect(await limiter.consume(buyer)).toMatchObject({ ok: true });
    await limiter.settle(buyer, { failed: true });
    expect(await limiter.consume(buyer)).toMatchObject({ ok: true });
    await limiter.settle(buyer, { failed: true });
    expect(await limiter.consume(buyer)).toMatchObject({ ok: false });
  });

  test('in a dry run counts and reports, and refuses nobody', async () => {
    const limits = limitsOf('limits:\n  - { id: dry-run, by: address, allow: 1, window: 1m, dry_run: true }');
    const exceeded: string[] = [];
    const limiter = rateLimiter({
      limits,
      store: memoryStore(),
      onExceeded: ({ id }) => void exceeded.push(id),
    });
    for (let at = 0; at < 3; at += 1)
      expect(await limiter.consume(visit('a'))).toEqual({ ok: true, headers: {} });
    expect(exceeded).toEqual(['dry-run', 'dry-run']);
  });

  test('that is reloaded goes on with its counts', async () => {
    const limiter = rateLimiter({ limits: one, store: memoryStore() });
    for (let at = 0; at < 5; at += 1) await limiter.consume(visit('a'));
    limiter.reload(one.map((limit) => ({ ...limit, allow: 5 })));
    expect(await limiter.consume(visit('a'))).toMatchObject({ ok: false });
    limiter.reload([]);
    expect(await limiter.consume(visit('a'))).toEqual({ ok: true, headers: {} });
  });

  test('lets exactly ten of a hundred at once through', async () => {
    const limiter = rateLimiter({ limits: one, store: memoryStore() });
    const verdicts = await Promise.all(Array.from({ length: 100 }, () => limiter.consume(visit('a'))));
    expect(verdicts.filter(({ ok }) => ok).length).toBe(10);
  });

  test('stops 10,000 card tests from one address after seven declines', async () => {
    const limiter = rateLimiter({ limits: limitsOf(shipped), store: memoryStore({ now: () => 0 }) });
    let tried = 0;
    for (let at = 0; at < 10_000; at += 1) {
      const attempt: Visit = {
        call: 'confirm',
        caller: 'publishable',
        keys: {
          merchant: 'm',
          publishable_key: 'pk',
          address: '192.0.2.1',
          network: '192.0.2.0/24',
          card: `c${at}`,
          email: `e${at}`,
        },
      };
      if (!(await limiter.consume(attempt)).ok) continue;
      tried += 1;
      await limiter.settle(attempt, { failed: true });
    }
    expect(tried).toBe(7);
  });
});

describe('the store in this process', () => {
  test('forgets the oldest windows rather than growing without bound', async () => {
    const store = memoryStore({ keysMax: 100, now: () => 0 });
    const add = async (key: string): Promise<number> =>
      (await store.add([{ key, points: 1, windowS: 60 }]))[0]!.used;
    await add('first');
    expect(await add('first')).toBe(2);
    for (let at = 0; at < 100; at += 1) await add(`key ${at}`);
    expect(await add('first')).toBe(1);
    expect(await add('key 99')).toBe(2);
  });
});

describe('the insured store', () => {
  const failing: [string, LimitStore][] = [
    ['fails', { add: () => Promise.reject(new Error('away')) }],
    ['never answers', { add: () => new Promise(() => undefined) }],
  ];
  test.each(failing)('limits locally when the shared one %s', async (_how, shared) => {
    let failures = 0;
    const store = insuredStore(
      shared,
      memoryStore(),
      patience({ onFailure: () => (failures += 1), now: () => 0 }),
    );
    const limiter = rateLimiter({ limits: one, store });
    const verdicts = [];
    for (let at = 0; at < 12; at += 1) verdicts.push((await limiter.consume(visit('a'))).ok);
    expect(verdicts).toEqual([...Array.from({ length: 10 }, () => true), false, false]);
    expect(failures).toBe(1);
  });

  test('goes back to the shared one after a rest', async () => {
    let now = 0;
    let away = true;
    const real = memoryStore({ now: () => now });
    const shared: LimitStore = { add: (adds) => (away ? Promise.reject(new Error('away')) : real.add(adds)) };
    const local = memoryStore({ now: () => now });
    const store = insuredStore(shared, local, patience({ onFailure: () => undefined, now: () => now }));
    const used = async (): Promise<number | undefined> =>
      (await store.add([{ key: 'k', points: 1, windowS: 60 }]))[0]?.used;
    expect(await used()).toBe(1);
    away = false;
    expect(await used()).toBe(2);
    now = 1_001;
    expect(await used()).toBe(1);
  });
});

describeWithRedis('limits in Redis', (url) => {
  const clients: Redis[] = [];
  const connect = (): Redis => {
    const client = new Redis(url, { maxRetriesPerRequest: 1 });
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  };
  afterAll(() => Promise.allSettled(clients.map((client) => client.quit())));
  const ready = async (client: Redis): Promise<Redis> => {
    await client.ping();
    return client;
  };

  test('hold for two processes together', async () => {
    const pepper = `pepper ${process.pid} ${Date.now()}`;
    const limiters = await Promise.all(
      [connect(), connect()].map(async (client) =>
        rateLimiter({ limits: one, store: redisStore(await ready(client), pepper) }),
      ),
    );
    const verdicts = await Promise.all(
      Array.from({ length: 40 }, (_, at) => limiters[at % 2]!.consume(visit('a'))),
    );
    expect(verdicts.filter(({ ok }) => ok).length).toBe(10);
  });

  test('keep no key in clear, and every key expires', async () => {
    const client = await ready(connect());
    const pepper = `pepper ${process.pid} clear`;
    const limits = limitsOf('limits:\n  - { id: by-email, by: email, allow: 5, window: 1m }');
    const before = new Set(await client.keys('limit:*'));
    await rateLimiter({ limits, store: redisStore(client, pepper) }).consume(
      visit('a', { keys: { email: 'ada@example.com' } }),
    );
    const keys = (await client.keys('limit:*')).filter((key) => !before.has(key));
    expect(keys.length).toBeGreaterThan(0);
    expect(keys.join()).not.toContain('ada');
    for (const key of keys) expect(await client.pttl(key)).toBeGreaterThan(0);
  });

  test('fall back to this process while Redis is paused, and when its connection is gone', async () => {
    const client = await ready(connect());
    const admin = await ready(connect());
    let failures = 0;
    const store = insuredStore(
      redisStore(client, `pepper ${process.pid} paused`),
      memoryStore(),
      patience({ onFailure: () => (failures += 1) }),
    );
    const limiter = rateLimiter({ limits: one, store });
    await admin.call('CLIENT', 'PAUSE', '400');
    const verdicts = [];
    for (let at = 0; at < 11; at += 1) verdicts.push((await limiter.consume(visit('p'))).ok);
    expect(verdicts.filter((ok) => ok).length).toBe(10);
    expect(failures).toBe(1);
    client.disconnect();
    const gone = rateLimiter({
      limits: one,
      store: insuredStore(
        redisStore(client, 'x'),
        memoryStore(),
        patience({ onFailure: () => (failures += 1) }),
      ),
    });
    expect(await gone.consume(visit('q'))).toMatchObject({ ok: true });
    expect(failures).toBe(2);
  });
});
