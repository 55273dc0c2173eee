import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ChildService, startChildService } from '../../src/cli/child-service.ts';
import { freePort } from '../../src/embedded/port.ts';
import { auditAll } from '../../src/invariants/invariants.ts';
import { readLedger } from '../../src/invariants/ledger.ts';
import { startStripeSandbox } from '../../src/sandbox/stripe/server.ts';
import { auditPurchases } from '../../src/store/audit.ts';
import { openPatiently } from '../../src/store/database.ts';
import { type FreshDatabase, freshDatabase } from '../harness/database.ts';
import { showFigure } from '../harness/figure.ts';
import { eventually, newId } from '../harness/service.ts';
import { previousVersion } from './previous-version.ts';

/** Three starts of the service, on a machine that is busy with other tests. */
jest.setTimeout(180_000);

const folder = mkdtempSync(join(tmpdir(), 'tillgate-deploy-'));
const before = previousVersion(join(folder, 'before'));
const migrationsOf = (root: string): string[] =>
  readdirSync(join(root, 'migrations')).filter((name) => /^\d{4}-/.test(name));

let database: FreshDatabase;
let psp: Awaited<ReturnType<typeof startStripeSandbox>>;
let env: Record<string, string>;
let key: string;
const running: ChildService[] = [];

async function start(main?: string): Promise<ChildService> {
  const service = await startChildService(
    join(folder, 'data'),
    { ...env, PORT: String(await freePort()) },
    main,
  );
  running.push(service);
  return service;
}

beforeAll(async () => {
  // Empty: the first process makes the schema that its version knows.
  database = await freshDatabase('template0');
  psp = await startStripeSandbox();
  env = {
    ADMIN_PORT: '0',
    DATABASE_URL: database.url,
    TILLGATE_SECRET: 'a secret of thirty-two characters',
    STRIPE_SECRET_KEY: 'sk_test_deploy',
    STRIPE_BASE_URL: psp.url,
    STRIPE_WEBHOOK_SECRETS: 'whsec_nobody_sends_any',
    PSP_TIMEOUT_MS: '3000',
    REQUEST_LEASE_MS: '3500',
  };
});
afterAll(async () => {
  for (const { pid, stop } of running) {
    try {
      process.kill(pid, 'SIGCONT');
      await stop();
    } catch {
      // It is gone already.
    }
  }
  await psp.close();
  await database.drop();
  rmSync(folder, { recursive: true });
});

type Reply = { readonly status: number; readonly body: Record<string, unknown> };

/** Null when the connection ended without an answer. */
async function ask(
  api: string,
  method: string,
  path: string,
  body?: object,
  idempotencyKey = newId('req'),
): Promise<Reply | null> {
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
    'idempotency-key': idempotencyKey,
  };
  try {
    const response = await fetch(`${api}${path}`, {
      method,
      headers,
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Reply['body'] };
  } catch {
    return null;
  }
}

/** Shops behind a load balancer: whoever is not answered asks again, at whichever process there is. */
function openTraffic(apis: readonly string[]) {
  const sold: string[] = [];
  const refused = new Map<string, number>();
  let isOver = false;
  const insist = async (path: string, body: object): Promise<Reply> => {
    const idempotencyKey = newId('req');
    for (;;) {
      const api = apis[Math.floor(Math.random() * apis.length)] ?? '';
      const reply = await ask(api, 'POST', path, body, idempotencyKey);
      if (reply !== null && reply.status < 300) return reply;
      const why = reply === null ? 'no answer' : `${reply.status} ${String(reply.body['code'])}`;
      refused.set(why, (refused.get(why) ?? 0) + 1);
      await sleep(50);
    }
  };
  const sell = async (): Promise<void> => {
    while (!isOver) {
      const made = await insist('/v1/checkouts', { amount: 1299, currency: 'EUR', capture_mode: 'manual' });
      const checkout = String(made.body['id']);
      await insist(`/v1/checkouts/${checkout}/confirm`, { payment_method: 'pm_card_visa' });
      await insist(`/v1/orders/${checkout.replace('chk_', 'ord_')}/capture`, {});
      sold.push(checkout);
    }
  };
  const lanes = Array.from({ length: 4 }, sell);
  return {
    sold,
    refused,
    /** Until so many more have been sold. */
    more: async (count: number): Promise<void> => {
      const until = sold.length + count;
      await eventually(() => Promise.resolve(sold.length >= until));
    },
    end: async (): Promise<void> => {
      isOver = true;
      await Promise.all(lanes);
    },
  };
}

async function violations(): Promise<readonly object[]> {
  const pool = openPatiently(database.url);
  const ledger = await readLedger(psp.url);
  const audit = await auditAll(auditPurchases(pool), ledger, { now: Date.now(), settlingMs: 60_000 });
  await pool.close();
  return audit.violations;
}

const from =
  before === null ? 'the same version, for want of a history' : 'the version before the newest migration';

it(`a version takes over from ${from} under load, migrates beside it, and nothing acknowledged is lost [F15.1][F15.2][F15.3]`, async () => {
  const old = await start(before ?? undefined);
  key = old.secretKey ?? '';
  const apis = [old.api];
  const traffic = openTraffic(apis);
  await traffic.more(10);

  // Migrates the database that the other one works on.
  const next = await start();
  apis.push(next.api);
  await traffic.more(20);
  expect([...traffic.refused.keys()]).toEqual([]);

  const drained = old.stop('SIGTERM');
  await traffic.more(5);
  apis.splice(0, 1);
  await drained;
  expect(await old.exited).toBeNull();
  await traffic.more(10);
  await traffic.end();

  // Whom the old one no longer let in came again; nobody was answered by half.
  expect(['no answer']).toEqual(expect.arrayContaining([...traffic.refused.keys()]));
  for (const checkout of traffic.sold) {
    const seen = await ask(next.api, 'GET', `/v1/checkouts/${checkout}`);
    expect(seen?.body).toMatchObject({
      status: 'completed',
      payment: { status: 'captured', captured: 1299 },
    });
  }
  const captures = (await readLedger(psp.url)).map((line) => line.captures);
  expect(captures).toEqual(traffic.sold.map(() => [1299]));
  expect(await violations()).toEqual([]);
  const migrations =
    before === null ? 0 : migrationsOf('.').length - migrationsOf(dirname(dirname(dirname(before)))).length;
  showFigure(
    `a deploy under load: ${traffic.sold.length} sales, ${migrations} migrations beside them, none lost or doubled`,
  );
});

it('a process whose loop stands still for longer than its lease is overtaken, and charges nobody again [F15.4]', async () => {
  const [slow, other] = [await start(), await start()];
  key ||= slow.secretKey ?? '';
  const made = await ask(slow.api, 'POST', '/v1/checkouts', { amount: 1299, currency: 'EUR' });
  const checkout = String(made?.body['id']);
  const fault = {
    match: { method: 'POST', path: '/v1/payment_intents' },
    when: 'after',
    do: 'hang',
    ms: 1_500,
  };
  await fetch(`${psp.url}/_sandbox/faults`, { method: 'POST', body: JSON.stringify(fault) });
  const charges = async () =>
    (await readLedger(psp.url))
      .filter(({ metadata }) => metadata['tillgate_checkout'] === checkout)
      .flatMap((line) => line.authorisations);

  const [path, body, name] = [
    `/v1/checkouts/${checkout}/confirm`,
    { payment_method: 'pm_card_visa' },
    newId('req'),
  ];
  const first = ask(slow.api, 'POST', path, body, name);
  await eventually(async () => (await charges()).length > 0);
  process.kill(slow.pid, 'SIGSTOP');
  const second = await eventually(async () => {
    const reply = await ask(other.api, 'POST', path, body, name);
    return reply?.status === 200 && reply;
  });
  expect(second.body).toMatchObject({ status: 'completed', payment: { captured: 1299 } });
  process.kill(slow.pid, 'SIGCONT');
  // The one that was overtaken says what was said meanwhile.
  expect(await first).toEqual(second);
  expect(await charges()).toEqual([1299]);
  expect(await violations()).toEqual([]);
});
