import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { startRedis } from '../../../scripts/services/redis.ts';
import { library } from '../../../src/domain/risk/features/library.ts';
import type { Assessment } from '../../../src/domain/risk/assessment.ts';
import { createRisk } from '../../../src/risk/assess.ts';
import { loadGeneration } from '../../../src/risk/generation.ts';
import { createEntries } from '../../../src/risk/policy/entries.ts';
import type { Risk } from '../../../src/risk/risk.ts';
import { featureHash } from '../../../src/risk/signals/feature-hash.ts';
import { keysWith } from '../../../src/risk/signals/keys.ts';
import { referenceData } from '../../../src/risk/signals/reference.ts';
import { redisVelocity } from '../../../src/risk/velocity/redis.ts';
import type { Velocity } from '../../../src/risk/velocity/velocity.ts';
import { describeWithRedis } from '../../harness/redis.ts';
import { merchant } from './events.ts';

const at = Date.parse('2026-03-01T12:00:00Z');
const signals = { email: 'ann@shop.example', device: { id: 'device-1' } };

/** A Redis of its own: it is paused, flushed and killed. */
describeWithRedis('assessments while Redis', () => {
  let velocity: Velocity;
  let risk: Risk;
  let admin: Redis;
  let stop: (() => Promise<void>) | null = null;
  const assess = (): Promise<Assessment> =>
    risk.assess({ id: 'asm_1', merchantId: merchant, event: 'checkout', at, signals });

  const whenItAnswers = async (): Promise<void> => {
    for (let tries = 0; tries < 200 && (await assess()).degraded.length > 0; tries += 1) await sleep(50);
  };

  beforeAll(async () => {
    const service = await startRedis();
    if ('absent' in service) throw new Error(service.absent);
    stop = service.stop;
    admin = new Redis(service.url);
    admin.on('error', () => undefined);
    velocity = redisVelocity(service.url);
    const { deciders } = await loadGeneration({ policies: 'policies', models: 'models' });
    risk = createRisk({
      reading: { keysOf: keysWith('a secret of these tests'), reference: referenceData() },
      velocity,
      deciders: () => deciders,
      lists: () => createEntries(),
      snoozes: () => createEntries(),
      featuresHash: featureHash(library),
      // Far away, so that it is the store's own limit of 30 ms that ends the wait.
      deadlineMs: 60_000,
      failed: () => undefined,
    });
    await whenItAnswers();
    const keys = keysWith('a secret of these tests')(merchant, signals);
    await velocity.observe(merchant, keys, { what: 'checkout', at: at - 1, amount: 5 });
  });
  afterAll(async () => {
    admin.disconnect();
    await velocity.close();
    await stop?.();
  });

  test('is there read the history', async () => {
    const { degraded, features } = await assess();
    expect(degraded).not.toContain('velocity_unavailable');
    expect(features['email.orders_24h']).toBe(1);
  });

  test('is paused go without history and without the model [F6.3]', async () => {
    await admin.call('client', 'pause', '2000', 'all');
    const { degraded, score, decision } = await assess();
    expect(degraded).toEqual(['velocity_unavailable']);
    expect(score).toBeNull();
    expect(decision).not.toBe('allow');
    await admin.call('client', 'unpause');
  });

  test('was flushed count anew [F6.2]', async () => {
    await admin.flushall();
    // The connection that hung while Redis was paused was given up, and another is being made.
    await whenItAnswers();
    const { degraded, features } = await assess();
    expect(degraded).toEqual([]);
    expect(features['email.orders_24h']).toBe(0);
  });

  test('is gone do not wait for it [F6.1]', async () => {
    await stop?.();
    stop = null;
    const answers = await Promise.all(Array.from({ length: 10 }, assess));
    for (const { degraded } of answers) expect(degraded).toEqual(['velocity_unavailable']);
  });
});
