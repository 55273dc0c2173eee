import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { registerStripeWebhook } from '../../src/cli/stand-in-psps.ts';
import { type Environment, readConfig } from '../../src/config.ts';
import { freePort } from '../../src/embedded/port.ts';
import { createMerchant } from '../../src/flows/create-merchant.ts';
import { type Audit, auditAll } from '../../src/invariants/invariants.ts';
import { type LedgerLine, readLedger } from '../../src/invariants/ledger.ts';
import { type NewId, idFrom } from '../../src/kernel/ids.ts';
import { type Service, startService } from '../../src/main.ts';
import { type LogLevel, makeLog } from '../../src/observe/log.ts';
import { startStripeSandbox } from '../../src/sandbox/stripe/server.ts';
import { auditPurchases } from '../../src/store/audit.ts';
import { openPatiently } from '../../src/store/database.ts';
import { postgresStore } from '../../src/store/postgres-store.ts';
import { type FreshDatabase, freshDatabase } from './database.ts';

export const newId: NewId = (prefix) => idFrom(prefix, Date.now(), randomBytes(10));

export type Reply = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // Tests look into replies freely: a wrong path is undefined, and the expectation fails.
  readonly body: Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any
};

export type Ask = {
  /** A JSON value; a string goes as it is. */
  readonly body?: unknown;
  /** Absent: a new one for every POST. Null: none. */
  readonly idempotencyKey?: string | null;
  /** Absent: the first merchant's secret key. Null: none. */
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
};

export type ToldEvent = {
  readonly type: string;
  readonly sequence: number;
  readonly aggregate: { readonly id: string };
  readonly data: Readonly<Record<string, unknown>>;
};

export type TestService = Awaited<ReturnType<typeof startTestService>>;

/**
 * A real service in this process, on a database of its own, with a stand-in Stripe in this process. It waits for a PSP
 * for two seconds and looks after what was not heard half a second later: tests of bad days are short, and a busy machine is none.
 *
 * Its policy decides by amount, in EUR: 9,000 and more is blocked, 8,000 reviewed, 7,000 challenged.
 */
export async function startTestService(
  options: {
    webhooks?: boolean;
    env?: Environment;
    logLevel?: LogLevel;
    /** Absent: a new one on the server of the test run. */
    database?: FreshDatabase;
  } = {},
) {
  const database = options.database ?? (await freshDatabase());
  const sandbox = await startStripeSandbox();
  const policies = policiesByAmount();
  const port = await freePort();
  const stripeKey = `sk_test_${randomBytes(6).toString('hex')}`;
  const api = `http://127.0.0.1:${port}`;
  const webhookUrl = `${api}/webhooks/stripe/default`;
  const env: Environment = {
    PORT: String(port),
    ADMIN_PORT: '0',
    DATABASE_URL: database.url,
    DATABASE_POOL_MAX: '10',
    TILLGATE_SECRET: 'a secret of thirty-two characters',
    STRIPE_SECRET_KEY: stripeKey,
    STRIPE_BASE_URL: sandbox.url,
    STRIPE_WEBHOOK_SECRETS:
      options.webhooks === true
        ? await registerStripeWebhook(sandbox.url, stripeKey, webhookUrl)
        : 'whsec_nobody_sends_any',
    POLICIES_DIR: policies,
    DATABASE_TIMEOUT_MS: '30000',
    ASSESSMENT_DEADLINE_MS: '5000',
    PSP_TIMEOUT_MS: '10000',
    REQUEST_LEASE_MS: '12000',
    ...options.env,
  };
  const pool = openPatiently(database.url, 4);
  const store = postgresStore(pool);
  const merchant = await createMerchant({ store, newId, clock: Date.now }, 'first');
  const other = await createMerchant({ store, newId, clock: Date.now }, 'second');
  /** What the service logged: what goes wrong, where no lower level was asked for. */
  const complaints: string[] = [];
  const log = makeLog({
    level: options.logLevel ?? 'warn',
    destination: { write: (line: string) => void complaints.push(line) },
  });
  const begin = (changed: Environment = {}): Promise<Service> =>
    startService(readConfig({ ...env, ...changed }), merchant.id, log);
  let service = await begin();

  const call = async (method: string, path: string, ask: Ask = {}): Promise<Reply> => {
    const { body, idempotencyKey = method === 'POST' ? newId('req') : null } = ask;
    const { key = merchant.keys.secretKey, headers = {} } = ask;
    const response = await fetch(`${api}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(idempotencyKey === null ? {} : { 'idempotency-key': idempotencyKey }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    const parsed = (isJson ? JSON.parse(text) : {}) as Reply['body'];
    return { status: response.status, headers: response.headers, text, body: parsed };
  };

  const script = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${sandbox.url}/_sandbox/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return response.json();
  };

  const query = async (text: string): Promise<Record<string, unknown>[]> => {
    const client = new Client(database.url);
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  };

  /** The first 999 of a merchant's events, once none is held back by an older transaction. */
  const events = async (ask: Ask = {}): Promise<ToldEvent[]> => {
    await eventually(async () => {
      const heldBack = 'xact >= pg_snapshot_xmin(pg_current_snapshot())';
      return (await query(`select 1 from events where ${heldBack} limit 1`)).length === 0;
    });
    return (await call('GET', '/v1/events?limit=999', ask)).body['events'] as ToldEvent[];
  };

  return {
    api,
    admin: () => service.admin,
    deps: () => service.deps,
    env,
    databaseUrl: database.url,
    store,
    merchantId: merchant.id,
    keys: merchant.keys,
    otherKeys: other.keys,
    stripeUrl: sandbox.url,
    complaints,
    call,
    query,
    events,
    /** The types of what was told of one order, in their order. */
    eventsOf: async (order: string): Promise<string[]> =>
      (await events()).filter(({ aggregate }) => aggregate.id === order).map(({ type }) => type),
    /** `fault({ do: 'hang', … })`: see src/sandbox/README.md. */
    fault: (fault: object) => script('POST', 'faults', fault),
    noFaults: () => script('DELETE', 'faults'),
    script,
    ledger: (): Promise<LedgerLine[]> => readLedger(sandbox.url),
    /** How many rows every table has. */
    counts: async (): Promise<Record<string, number>> => {
      const tables = ['requests', 'checkouts', 'orders', 'payments', 'attempts', 'movements', 'journal'];
      const all = [...tables, 'postings', 'assessments', 'events', 'deliveries'];
      const union = all.map((name) => `select '${name}' as name, count(*)::int as n from ${name}`);
      const rows = await query(union.join(' union all '));
      return Object.fromEntries(rows.map(({ name, n }) => [name as string, n as number]));
    },
    audit: async (): Promise<Audit> =>
      auditAll(auditPurchases(pool), await readLedger(sandbox.url), {
        now: Date.now(),
        settlingMs: 60_000,
      }),
    /** Ends the service and starts another one on the same database and port. */
    restart: async (changed: Environment = {}): Promise<void> => {
      await service.close();
      service = await begin(changed);
    },
    close: async (): Promise<void> => {
      await service.close();
      await pool.close();
      await sandbox.close();
      await database.drop();
      rmSync(policies, { recursive: true });
    },
  };
}

/** The shop's other policies as they are, and one for checkouts whose decision a test can choose. */
function policiesByAmount(): string {
  const dir = mkdtempSync(join(tmpdir(), 'tillgate-policies-'));
  cpSync('policies', dir, { recursive: true });
  rmSync(join(dir, 'checkout.test.yaml'), { force: true });
  writeFileSync(
    join(dir, 'checkout.yaml'),
    `policy: checkout
model: checkout-1
amounts:
  blocked: { EUR: '9000.00' }
  reviewed: { EUR: '8000.00' }
  challenged: { EUR: '7000.00' }
rules:
  - id: too-much
    when: order.amount >= amount("blocked")
    then: block
    reason: Nobody buys that much
  - id: much
    when: order.amount >= amount("reviewed")
    then: review
    reason: A person looks at that much
  - id: rather-much
    when: order.amount >= amount("challenged")
    then: challenge
    reason: That much is proved first
degraded:
  deadline: challenge
  velocity_unavailable: challenge
  model_unavailable: challenge
  policy_failed: challenge
  reference_data_missing: challenge
`,
  );
  return dir;
}

/** Asks until the answer is there; a test that waits for nothing in particular fails by its own time limit. */
export async function eventually<T>(look: () => Promise<T | null | undefined | false>): Promise<T> {
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    await sleep(50);
  }
}
