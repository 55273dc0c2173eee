import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type AddressInfo, type Server, connect, createServer } from 'node:net';
import { Client } from 'pg';
import { type TestService, eventually, newId, startTestService } from '../harness/service.ts';
import { card, openCheckout, paidOrder } from '../http/routes/operations.ts';
import { chargesOf, confirming, insist, notNow } from './insist.ts';

let shop: TestService;
let line: Line;
beforeAll(async () => {
  // Statements may take longer than the second after which PostgreSQL looks for a deadlock.
  const env = { DATABASE_TIMEOUT_MS: '3000', PSP_TIMEOUT_MS: '1500', REQUEST_LEASE_MS: '2000' };
  shop = await startTestService({ env });
  line = await openLine(new URL(shop.databaseUrl));
  await shop.restart({ DATABASE_URL: line.url });
});
afterEach(() => shop.noFaults());
afterAll(async () => {
  expect(await shop.audit()).toMatchObject({ violations: [] });
  await shop.close();
  line.server.close();
});

type Line = {
  readonly url: string;
  readonly server: Server;
  /** Cuts the line when the nth statement that says this text has been answered, before the answer is through. */
  readonly cut: (text: string, nth: number) => void;
  readonly cuts: () => number;
};

/** What stands between the service and PostgreSQL. */
async function openLine(to: URL): Promise<Line> {
  let wanted: { readonly text: string; left: number } | null = null;
  let cuts = 0;
  const server = createServer((near) => {
    const far = connect(Number(to.port), to.hostname);
    let swallows = false;
    near.on('data', (said) => {
      if (wanted !== null && said.includes(wanted.text) && (wanted.left -= 1) === 0) {
        wanted = null;
        swallows = true;
      }
      far.write(said);
    });
    far.on('data', (answer) => {
      if (!swallows) return void near.write(answer);
      cuts += 1;
      near.destroy();
    });
    for (const [one, other] of [[near, far] as const, [far, near] as const])
      one.on('error', () => undefined).on('close', () => other.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(to);
  url.port = String((server.address() as AddressInfo).port);
  return { url: url.href, server, cut: (text, nth) => (wanted = { text, left: nth }), cuts: () => cuts };
}

/** Somebody else's transaction, which holds what it reads until it ends. */
async function openTransaction() {
  const client = new Client(shop.databaseUrl);
  await client.connect();
  await client.query('begin');
  return {
    hold: (table: 'checkouts' | 'payments', checkout: string) =>
      client.query(
        `select 1 from ${table} where ${table === 'checkouts' ? 'id' : 'checkout_id'} = $1 for update`,
        [checkout],
      ),
    query: (text: string) => client.query(text),
    end: () => client.end(),
  };
}

/** The service's statements that wait for somebody's lock. */
const waiting = () =>
  shop.query(`select pid from pg_stat_activity
    where datname = current_database() and application_name = 'tillgate' and wait_event_type = 'Lock'`);
const deadlocks = async (): Promise<number> => {
  const [row] = await shop.query(
    'select deadlocks::int from pg_stat_database where datname = current_database()',
  );
  return row?.['deadlocks'] as number;
};

/** An order that is authorised, and not captured. */
async function authorized(): Promise<{ order: string; checkout: string }> {
  const order = await paidOrder(shop, { capture_mode: 'manual' });
  return { order, checkout: order.replace('ord_', 'chk_') };
}

const capturesOf = async (order: string): Promise<readonly number[]> =>
  (await shop.ledger()).find(({ metadata }) => metadata['tillgate_order'] === order)?.captures ?? [];

it('a capture that meets a deadlock decides again, and is taken once [F5.4]', async () => {
  const { order, checkout } = await authorized();
  const other = await openTransaction();
  // So that it is the service whose statement is given up.
  await other.query("set local deadlock_timeout = '1min'");
  await other.hold('payments', checkout);
  const capture = shop.call('POST', `/v1/orders/${order}/capture`, { body: {} });
  await eventually(async () => (await waiting()).length > 0);
  // Answered when the service's statement, which holds the checkout, has been given up.
  await other.hold('checkouts', checkout);
  await other.end();
  expect(await capture).toMatchObject({ status: 200, body: { payment: { captured: 1299 } } });
  expect(await capturesOf(order)).toEqual([1299]);
  expect(await eventually(deadlocks)).toBe(1);
});

describe('a statement that is stopped because it takes too long [F5.5]', () => {
  it('before anything was recorded costs nobody anything', async () => {
    const checkout = await openCheckout(shop);
    const other = await openTransaction();
    await other.hold('checkouts', checkout);
    const idempotencyKey = newId('req');
    const confirm = () =>
      shop.call('POST', `/v1/checkouts/${checkout}/confirm`, { body: card, idempotencyKey });
    const stopped = await confirm();
    expect([stopped.status, stopped.body['code'], stopped.headers.get('retry-after')]).toEqual([
      503,
      'unavailable',
      '1',
    ]);
    expect(stopped.text).not.toMatch(/statement|timeout|canceling/);
    expect(await chargesOf(shop, checkout)).toEqual([]);
    await other.end();
    expect((await confirm()).body['status']).toBe('completed');
    expect(await chargesOf(shop, checkout)).toEqual([1299]);
  });

  it('after the PSP has acted is made up for, and the money is taken once', async () => {
    const { order, checkout } = await authorized();
    const other = await openTransaction();
    await other.hold('payments', checkout);
    const idempotencyKey = newId('req');
    const path = `/v1/orders/${order}/capture`;
    const stopped = await shop.call('POST', path, { body: {}, idempotencyKey });
    expect([stopped.body['code'], await capturesOf(order)]).toEqual(['unavailable', [1299]]);
    await other.end();
    const { reply } = await insist(shop, path, {}, idempotencyKey);
    expect(reply.body['payment']).toMatchObject({ status: 'captured', captured: 1299 });
    expect(await capturesOf(order)).toEqual([1299]);
  });
});

/** A read, the record before the PSP is called, the conclusion after it. */
const phases = [1, 2, 3];

describe('a commit whose end nobody heard [F5.6]', () => {
  it.each(phases)('at statement %i of a confirm is looked up, and never made again', async (nth) => {
    const checkout = await openCheckout(shop);
    const before = line.cuts();
    line.cut(checkout, nth);
    const { reply, refused } = await confirming(shop, checkout);
    expect(line.cuts()).toBe(before + 1);
    expect(reply).toMatchObject({ status: 200, body: { status: 'completed', payment: { captured: 1299 } } });
    expect(refused[0]).toBe('503 unavailable');
    expect(notNow).toEqual(expect.arrayContaining([...refused]));
    // What was recorded is worked off; what was concluded is only read.
    expect(refused.length === 1).toBe(nth !== 2);
    expect(await chargesOf(shop, checkout)).toEqual([1299]);
    const requests = await shop.query(
      `select 1 from requests where checkout_id = '${checkout}' and subject is not null`,
    );
    expect(requests).toHaveLength(1);
  });

  it.each(phases)('at statement %i of a refund is looked up, and never made again', async (nth) => {
    const order = await paidOrder(shop);
    const before = line.cuts();
    line.cut(order.replace('ord_', 'chk_'), nth);
    const { reply, refused } = await insist(shop, `/v1/orders/${order}/refunds`, {
      amount: 300,
      currency: 'EUR',
    });
    expect(line.cuts()).toBe(before + 1);
    expect(reply).toMatchObject({ status: 200, body: { payment: { captured: 1299, refunded: 300 } } });
    expect(refused[0]).toBe('503 unavailable');
    const [charge] = (await shop.ledger()).filter(({ metadata }) => metadata['tillgate_order'] === order);
    expect(charge?.refunds).toEqual([300]);
  });
});
