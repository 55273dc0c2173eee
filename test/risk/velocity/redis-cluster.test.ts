import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startRedis } from '../../../scripts/services/redis.ts';
import { entityKinds } from '../../../src/domain/risk/entities.ts';
import { redisVelocity } from '../../../src/risk/velocity/redis.ts';
import type { Velocity } from '../../../src/risk/velocity/velocity.ts';
import { describeWithRedis } from '../../harness/redis.ts';
import { entriesOf } from './entries.ts';
import { merchant } from './events.ts';

/** One node that has all slots refuses what no cluster could do: a call whose keys are in different slots. */
describeWithRedis('in a Redis Cluster', () => {
  /** Of this run alone: a node that finds the file of another takes its slots as given out. */
  const dir = mkdtempSync(join(tmpdir(), 'tillgate-cluster-'));
  let admin: Redis;
  let velocity: Velocity;
  let stop: () => Promise<void> = () => Promise.resolve();
  beforeAll(async () => {
    const service = await startRedis({ 'cluster-enabled': 'yes', dir });
    if ('absent' in service) throw new Error(service.absent);
    stop = service.stop;
    admin = new Redis(service.url, { enableReadyCheck: false });
    await admin.call('cluster', 'addslotsrange', '0', '16383');
    while (!String(await admin.call('cluster', 'info')).includes('cluster_state:ok')) await sleep(50);
    velocity = redisVelocity(service.url, { answerMsMax: 5_000 });
    while ((await velocity.read(merchant, { shop: 'ready' }).catch(() => null)) === null) await sleep(50);
  });
  afterAll(async () => {
    await velocity.close();
    admin.disconnect();
    await stop();
    rmSync(dir, { recursive: true });
  });

  test('keys of two slots are refused', async () => {
    await expect(admin.eval('return redis.call("get", KEYS[1])', 2, 'a', 'b')).rejects.toThrow('CROSSSLOT');
  });

  test('all entities of an event are written and read together, for every merchant', async () => {
    const keys = Object.fromEntries(entityKinds.map((kind) => [kind, `key-${kind}`]));
    const at = Date.UTC(2026, 2, 1);
    for (const mer of [merchant, 'mer_00000000000000000000000001'] as const) {
      await velocity.observe(mer, keys, { what: 'checkout', at, amount: 5 });
      await velocity.observe(mer, keys, { what: 'labelled', fraud: true, happenedAt: at });
      const histories = await velocity.read(mer, keys);
      for (const kind of entityKinds) {
        expect(histories[kind]).toMatchObject({ attempts: 1, frauds: 1 });
        expect(entriesOf(histories[kind])).toEqual([{ what: 'checkout', at, amount: 5 }]);
      }
    }
  });

  test('an assessment is one call, and names every key it touches', async () => {
    const seen: string[][] = [];
    const monitor = await admin.monitor();
    monitor.on('monitor', (_time: string, args: string[]) => seen.push(args));
    await velocity.read(merchant, { email: 'e', card: 'c' });
    while (!seen.some(([command]) => command === 'evalsha')) await sleep(10);
    monitor.disconnect();
    const calls = seen.filter(([command]) => command?.startsWith('eval'));
    expect(calls).toHaveLength(1);
    const named = calls[0]!.slice(3);
    const touched = seen.filter(([command]) => !command?.startsWith('eval')).map(([, key]) => key);
    expect(touched).toHaveLength(4);
    for (const key of touched) expect(named).toContain(key);
  });
});
