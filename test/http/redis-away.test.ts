import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { type AddressInfo, type Server, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { Service } from '../../scripts/services/service.ts';
import { startRedis } from '../../scripts/services/redis.ts';
import { describeWithRedis } from '../harness/redis.ts';
import { type TestService, eventually, startTestService } from '../harness/service.ts';

const allowed = 20;
const limits = `limits:
  - { id: few, by: address, callers: [anonymous], calls: [read], allow: ${allowed}, window: 1h }
`;

/** Where the service finds Redis, whichever one that is: what a name or a proxy does for a failover. */
async function openAddress(): Promise<{ url: string; leadTo: (redis: string) => void; server: Server }> {
  let port = 0;
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    near.pipe(far).pipe(near);
    for (const [one, other] of [[near, far] as const, [far, near] as const])
      one.on('error', () => undefined).on('close', () => other.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    leadTo: (redis) => (port = Number(new URL(redis).port)),
    server,
  };
}

/** Redises of their own: they are paused, flushed, filled, demoted and killed. */
describeWithRedis('a service whose Redis', () => {
  const running: Service[] = [];
  const admins: Redis[] = [];
  let shop: TestService;
  let address: Awaited<ReturnType<typeof openAddress>>;
  let first: Redis;

  async function open(): Promise<Redis> {
    const service = await startRedis();
    if ('absent' in service) throw new Error(service.absent);
    running.push(service);
    const admin = new Redis(service.url);
    admin.on('error', () => undefined);
    admins.push(admin);
    return admin;
  }
  const urlOf = ({ options }: Redis): string => `redis://127.0.0.1:${String(options.port)}`;

  beforeAll(async () => {
    first = await open();
    address = await openAddress();
    address.leadTo(urlOf(first));
    shop = await startTestService({ env: { TRUSTED_PROXIES: '127.0.0.1' } });
    writeFileSync(join(shop.env['POLICIES_DIR'] ?? '', 'limits.yaml'), limits);
    await shop.restart({ REDIS_URL: address.url });
    await untilShared(first);
  }, 60_000);
  afterAll(async () => {
    await shop.close();
    for (const admin of admins) admin.disconnect();
    for (const { stop } of running) await stop();
    address.server.close();
  });

  let addresses = 0;
  const newAddress = (): string => `198.51.${(addresses += 1)}.7`;

  /** How many of so many strangers' calls a limit lets through, which then are refused for want of a key. */
  async function letThrough(from: string, calls = 3 * allowed): Promise<number> {
    let through = 0;
    for (let call = 0; call < calls; call += 1) {
      const { status } = await shop.call('GET', '/v1/lists', {
        key: null,
        headers: { 'x-forwarded-for': from },
      });
      expect([401, 429]).toContain(status);
      if (status === 401) through += 1;
    }
    return through;
  }

  /** By Redis, by the process, or by both: where the machine is slow, Redis may be late now and then. */
  async function isLimited(from: string): Promise<void> {
    const through = await letThrough(from);
    expect(through).toBeGreaterThanOrEqual(allowed);
    expect(through).toBeLessThanOrEqual(2 * allowed);
  }

  /** Until this Redis counts for the limits, and answers assessments. */
  async function untilShared(redis: Redis): Promise<void> {
    await redis.del(['none', ...(await redis.keys('limit:*'))]);
    await eventually(async () => {
      await letThrough(newAddress(), 1);
      return (await redis.keys('limit:*')).length > 0 && (await degraded()).length === 0;
    });
  }

  async function degraded(): Promise<readonly string[]> {
    const signals = { amount: 1299, currency: 'EUR', customer: { email: 'ann@shop.example' } };
    const { body } = await shop.call('POST', '/v1/assessments', { body: { event: 'checkout', signals } });
    if ((body['degraded'] as string[]).length > 0) expect(body['decision']).toBe('challenge');
    return body['degraded'] as string[];
  }

  /** How often a call asked Redis for nothing. */
  async function askedInVain(): Promise<number> {
    const page = await (await fetch(`${shop.admin()}/metrics`)).text();
    return Number(/^tillgate_limit_store_failures_total (\d+)$/m.exec(page)?.[1] ?? 0);
  }

  test('answers holds limits for all processes', async () => {
    await isLimited(newAddress());
    expect(await degraded()).toEqual([]);
  });

  test('is paused limits by itself, waits for it once a second, and judges without history [F6.3]', async () => {
    const [began, before] = [performance.now(), await askedInVain()];
    const pid = Number(/process_id:(\d+)/.exec(await first.info('server'))?.[1]);
    process.kill(pid, 'SIGSTOP');
    try {
      await isLimited(newAddress());
      expect(await degraded()).toEqual(['velocity_unavailable']);
      const seconds = (performance.now() - began) / 1_000;
      expect((await askedInVain()) - before).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await untilShared(first);
  });

  test('is flushed counts anew, and is never without a limit [F6.2]', async () => {
    const from = newAddress();
    await letThrough(from, 15);
    await first.flushall();
    expect(await letThrough(from)).toBeLessThanOrEqual(2 * allowed);
    expect(await degraded()).toEqual([]);
  });

  test('is out of memory limits by itself, and does not take counts that stand still for history [F6.4]', async () => {
    await first.config('SET', 'maxmemory', '1');
    try {
      await isLimited(newAddress());
      // The first one that cannot be remembered tells.
      await eventually(async () => (await degraded()).includes('velocity_unavailable'));
      expect(await degraded()).toEqual(['velocity_unavailable']);
    } finally {
      await first.config('SET', 'maxmemory', '0');
    }
    await untilShared(first);
  });

  test('fails over to a replica that was behind goes on with that one, within twice the limit [F6.5]', async () => {
    const second = await open();
    await second.replicaof('127.0.0.1', String(first.options.port));
    await eventually(async () => (await second.info('replication')).includes('master_link_status:up'));
    // From here on it hears nothing of its primary.
    await second.replicaof('127.0.0.1', '1');
    const from = newAddress();
    await letThrough(from, 15);

    address.leadTo(urlOf(second));
    await first.replicaof('127.0.0.1', '1');
    // Both are replicas now: neither takes anything.
    expect(await letThrough(from)).toBeLessThanOrEqual(allowed);
    await eventually(async () => (await degraded()).includes('velocity_unavailable'));
    await second.replicaof('NO', 'ONE');
    await untilShared(second);
    expect(await letThrough(from)).toBeLessThanOrEqual(allowed);
    first = second;
  });

  test('is killed limits by itself, judges without history, and comes back [F6.1]', async () => {
    await running.pop()?.stop();
    await isLimited(newAddress());
    expect(await degraded()).toEqual(['velocity_unavailable']);
    const third = await open();
    address.leadTo(urlOf(third));
    await untilShared(third);
    await isLimited(newAddress());
  });
});
