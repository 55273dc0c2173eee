import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { type TestService, eventually, startTestService } from '../harness/service.ts';
import { card, openCheckout } from '../http/routes/operations.ts';
import { type Insisted, chargesOf, confirming, notNow } from './insist.ts';
import { type OwnPostgres, failSync, hasSmallDisk, hasStrace, openPostgres } from './own-postgres.ts';

/** A database that comes back is a matter of seconds; on a machine that is busy with other tests, of many. */
jest.setTimeout(120_000);

let postgres: OwnPostgres;
let shop: TestService;
beforeAll(async () => {
  postgres = await openPostgres();
  shop = await startTestService({
    database: { url: postgres.url, drop: () => Promise.resolve() },
    env: { DATABASE_TIMEOUT_MS: '1000', PSP_TIMEOUT_MS: '2000', REQUEST_LEASE_MS: '2500' },
  });
});
afterEach(async () => {
  expect(await shop.audit()).toMatchObject({ violations: [] });
});
afterAll(async () => {
  await shop.close();
  await postgres.close();
});

const checkoutsOf = (count: number): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, () => openCheckout(shop)));

const look = async (checkout: string) => (await shop.call('GET', `/v1/checkouts/${checkout}`)).body;

/** Everybody has paid once; answers what they were told on the way, which is at most to come back. */
async function allPaidOnce(
  checkouts: readonly string[],
  confirms: readonly Promise<Insisted>[],
): Promise<ReadonlySet<string>> {
  const refused = new Set<string>();
  for (const confirm of confirms) {
    const insisted = await confirm;
    expect(insisted.reply.status).toBe(200);
    for (const each of insisted.refused) refused.add(each);
  }
  expect(notNow).toEqual(expect.arrayContaining([...refused]));
  for (const checkout of checkouts) {
    // A PSP that was too slow meanwhile is asked.
    await eventually(async () => (await look(checkout))['status'] === 'completed');
    expect(await chargesOf(shop, checkout)).toEqual([1299]);
  }
  return refused;
}

const confirmAll = (checkouts: readonly string[]) => checkouts.map((each) => confirming(shop, each));

it('a PostgreSQL that is stopped at once and started again under load loses and doubles nothing [F5.1]', async () => {
  const checkouts = await checkoutsOf(40);
  const confirms = confirmAll(checkouts);
  // In the middle of them: some are paid, others have begun.
  await eventually(async () => (await shop.ledger()).length > 0);
  await postgres.kill();
  const late = await shop.call('POST', '/v1/checkouts', { body: { amount: 1299, currency: 'EUR' } });
  expect(late.body['code']).toBe('unavailable');
  await postgres.start();
  expect(await allPaidOnce(checkouts, confirms)).toContain('503 unavailable');
});

it('a PostgreSQL that is frozen for ten seconds keeps nobody waiting, and charges nobody twice afterwards [F5.2]', async () => {
  const checkouts = await checkoutsOf(60);
  const begun = confirmAll(checkouts.slice(0, 30));
  await sleep(50);
  postgres.freeze();
  try {
    const frozen = sleep(10_000);
    const others = checkouts.slice(30);
    // Each of them is answered while it is frozen; the test would otherwise wait for ever.
    const answers = await Promise.all(
      others.map((each) => shop.call('POST', `/v1/checkouts/${each}/confirm`, { body: card })),
    );
    expect(answers.map(({ body }) => String(body['code']))).toEqual(others.map(() => 'unavailable'));
    expect(await fetch(`${shop.admin()}/readyz`)).toMatchObject({ status: 503 });
    expect(await fetch(`${shop.admin()}/livez`)).toMatchObject({ status: 200 });
    begun.push(...confirmAll(others));
    await frozen;
  } finally {
    postgres.thaw();
  }
  expect(await allPaidOnce(checkouts, begun)).toContain('503 unavailable');
});

/** Takes every connection there is, those that the service has included; answers how to give them back. */
async function takeConnections(): Promise<() => Promise<void>> {
  const taken: Client[] = [];
  const take = async (): Promise<boolean> => {
    const client = new Client(postgres.url);
    client.on('error', () => undefined);
    return client.connect().then(
      () => taken.push(client) > 0,
      () => false,
    );
  };
  const ofService = async (): Promise<number | undefined> => {
    const count = `select count(pg_terminate_backend(pid))::int as n from pg_stat_activity where application_name = 'tillgate'`;
    return (await taken[0]?.query<{ n: number }>(count))?.rows[0]?.n;
  };
  // Its workers come back for more as long as there is one left, and a session that was ended keeps its place for a moment.
  for (let quiet = 0; quiet < 10; quiet += 1) {
    while ((await take()) || (await ofService()) !== 0) quiet = 0;
    await sleep(50);
  }
  return async () => {
    await Promise.all(taken.map((client) => client.end()));
  };
}

it('a PostgreSQL without a free connection turns requests away, and serves them when there is one [F5.3]', async () => {
  const checkouts = await checkoutsOf(10);
  const before = await shop.ledger();
  const giveBack = await takeConnections();
  const confirms = confirmAll(checkouts);
  const late = await shop.call('POST', '/v1/checkouts', { body: { amount: 1299, currency: 'EUR' } });
  expect(late.body['code']).toBe('unavailable');
  expect(shop.complaints.join()).toContain('too many clients already');
  expect(await shop.ledger()).toEqual(before);
  await giveBack();
  expect(await allPaidOnce(checkouts, confirms)).toContain('503 unavailable');
});

/** A fault that not every machine lets a test inject. */
const itWhere = (able: boolean, otherwise: string) =>
  able ? it : (name: string, test: () => Promise<void>) => it.skip(`${name} (${otherwise})`, test);

itWhere(hasSmallDisk, 'no disk may be mounted')(
  'a PostgreSQL whose disk is full has nothing charged that it cannot record [F5.7]',
  async () => {
    const checkouts = await checkoutsOf(90);
    // A server that cannot write its log does not come up again: it gets a segment of its own, and the tables nothing.
    await shop.query('select pg_switch_wal()');
    await shop.query('checkpoint');
    postgres.fill();
    const keyOf = (checkout: string): string => `confirm-${checkout}`;
    const tried: string[] = [];
    const refused: string[] = [];
    try {
      // Until the tables have no more room on their last pages.
      while (refused.length < 10 && tried.length < checkouts.length) {
        const checkout = checkouts[tried.length] ?? '';
        tried.push(checkout);
        const ask = { body: card, idempotencyKey: keyOf(checkout) };
        const { status, body } = await shop.call('POST', `/v1/checkouts/${checkout}/confirm`, ask);
        if (status === 200) continue;
        expect(body['code']).toBe('unavailable');
        refused.push(checkout);
      }
    } finally {
      postgres.free();
    }
    expect(refused).toHaveLength(10);
    expect(shop.complaints.join()).toContain('No space left on device');
    const recorded = new Set(
      (await shop.query('select checkout_id from attempts')).map((row) => row['checkout_id']),
    );
    const neverRecorded = refused.filter((each) => !recorded.has(each));
    for (const each of neverRecorded) expect(await chargesOf(shop, each)).toEqual([]);
    expect(neverRecorded.length).toBeGreaterThan(0);
    await allPaidOnce(
      tried,
      refused.map((each) => confirming(shop, each, keyOf(each))),
    );
  },
);

itWhere(hasStrace, 'no strace that may trace')(
  'a PostgreSQL whose disk fails to sync recovers what it had promised [F5.8]',
  async () => {
    const checkouts = await checkoutsOf(20);
    await failSync(postgres.processes());
    expect(await allPaidOnce(checkouts, confirmAll(checkouts))).toContain('503 unavailable');
    expect(postgres.log()).toMatch(/PANIC:  could not fdatasync/);
  },
);
