import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import type { AttemptState } from '../../src/domain/payment/attempt.ts';
import { attemptTransitions } from '../../src/domain/payment/attempt.ts';
import { type MovementState, movementTransitions } from '../../src/domain/payment/movement.ts';
import { beginAttempt } from '../../src/domain/purchase/begin-attempt.ts';
import type { Purchase } from '../../src/domain/purchase/purchase.ts';
import type { Event } from '../../src/domain/events/event.ts';
import type { MerchantId } from '../../src/kernel/ids.ts';
import { type Database, openPatiently } from '../../src/store/database.ts';
import { postgresStore } from '../../src/store/postgres-store.ts';
import type { Change, Store } from '../../src/store/store.ts';
import {
  at,
  attemptIn,
  authorized,
  captured,
  moved,
  movementNews,
  movementOf,
  moving,
  must,
  newId,
  openCheckout,
  planned,
  saleOf,
  total,
} from '../domain/purchase/given.ts';
import { type FreshDatabase, freshDatabase } from '../harness/database.ts';

let fresh: FreshDatabase;
let database: Database;
let store: Store;
let client: Client;
const merchantId: MerchantId = newId('mer');

beforeAll(async () => {
  fresh = await freshDatabase();
  database = openPatiently(fresh.url, 12);
  store = postgresStore(database);
  client = new Client(fresh.url);
  await client.connect();
  await store.merchants.create({ id: merchantId, name: 'shop', createdAt: 0 });
});
afterAll(async () => {
  await client.end();
  await database.close();
  await fresh.drop();
});

const ours = (purchase: Purchase): Purchase => ({
  ...purchase,
  checkout: { ...purchase.checkout, merchantId },
});
const changeTo = (after: Purchase, before: Purchase | null = null, more: Partial<Change> = {}): Change => ({
  before,
  after,
  at: 0,
  journal: [],
  events: [],
  postings: [],
  labels: [],
  askAt: 0,
  ...more,
});
const next = (purchase: Purchase): Purchase => ({
  ...purchase,
  checkout: { ...purchase.checkout, version: purchase.checkout.version + 1 },
});
const count = async (table: string): Promise<number> =>
  Number((await client.query<{ n: string }>(`select count(*) as n from ${table}`)).rows[0]?.n);

describe('a purchase comes back as it was saved', () => {
  it.each(Object.keys(attemptTransitions) as AttemptState['state'][])(
    'with an attempt that is %s',
    async (state) => {
      const purchase = ours(attemptIn(state));
      expect(await store.purchases.save(changeTo(purchase))).toBe('saved');
      expect(await store.purchases.find(merchantId, purchase.checkout.id)).toEqual(purchase);
    },
  );

  it.each(Object.keys(movementTransitions) as MovementState['state'][])(
    'with a capture that is %s',
    async (state) => {
      const begun = moving('capture');
      const purchase = ours(
        state === 'prepared' ? begun : must(moved(begun, movementNews(total)[state])).purchase,
      );
      expect(await store.purchases.save(changeTo(purchase))).toBe('saved');
      expect(await store.purchases.find(merchantId, purchase.checkout.id)).toEqual(purchase);
    },
  );
});

it('attempts come back in the order in which they were recorded, whatever the clocks in their ids say', async () => {
  const declined = ours(attemptIn('declined'));
  await store.purchases.save(changeTo(declined));
  const early = { ...planned(), id: 'att_00000000000000000000000000' as const };
  const again = next(must(beginAttempt(declined, early, at)).purchase);
  expect(early.id < saleOf(declined).attempts[0]!.id).toBe(true);
  await store.purchases.save(changeTo(again, declined));
  const found = await store.purchases.find(merchantId, again.checkout.id);
  expect(saleOf(found!).attempts.map(({ id }) => id)).toEqual(saleOf(again).attempts.map(({ id }) => id));
});

it('of ten writers that began from one version, one wins and the others wrote nothing', async () => {
  const before = ours(authorized());
  await store.purchases.save(changeTo(before));
  const journalBefore = await count('journal');
  const entry = { subject: 'x', at: 0, from: null, to: 'y', because: 'z' };
  const saved = await Promise.all(
    Array.from({ length: 10 }, () =>
      store.purchases.save(changeTo(next(before), before, { journal: [entry] })),
    ),
  );
  expect(saved.toSorted()).toEqual([...Array<string>(9).fill('outrun'), 'saved']);
  expect((await count('journal')) - journalBefore).toBe(1);
});

it('of ten requests with one key, one opens and the others wrote nothing', async () => {
  const open = {
    merchantId,
    scope: 'one-key',
    kind: 'create_checkout' as const,
    bodyDigest: '',
    rawDigest: '',
    openedAt: 0,
  };
  const reply = { status: 201, body: '{}' };
  const checkoutsBefore = await count('checkouts');
  const saved = await Promise.all(
    Array.from({ length: 10 }, () =>
      store.purchases.save(
        changeTo(ours(openCheckout()), null, { request: { replied: { ...open, reply } } }),
      ),
    ),
  );
  expect(saved.toSorted()).toEqual([...Array<string>(9).fill('request_taken'), 'saved']);
  expect((await count('checkouts')) - checkoutsBefore).toBe(1);
});

it('a change that a constraint refuses has its fault for itself, whatever it was saved together with', async () => {
  const purchases = Array.from({ length: 9 }, () => ours(openCheckout()));
  const nothing = { ...total, amount: 0n };
  const refused = purchases.map((each, index) =>
    index === 5 ? { ...each, checkout: { ...each.checkout, total: nothing } } : each,
  );
  const saved = await Promise.allSettled(refused.map((each) => store.purchases.save(changeTo(each))));
  expect(saved.map(({ status }) => status)).toEqual(
    purchases.map((_, index) => (index === 5 ? 'rejected' : 'fulfilled')),
  );
});

it('what a constraint refuses leaves nothing behind', async () => {
  const good = ours(captured());
  const wrong: Purchase = {
    ...good,
    sale: { ...good.sale!, payment: { ...good.sale!.payment, captured: 1001n } },
  };
  const before = [await count('checkouts'), await count('orders'), await count('attempts')];
  await expect(store.purchases.save(changeTo(wrong))).rejects.toMatchObject({
    constraint: 'capture_within_authorized',
  });
  expect([await count('checkouts'), await count('orders'), await count('attempts')]).toEqual(before);
});

describe('history cannot be changed', () => {
  it.each(['journal', 'postings', 'assessments', 'events'])(
    '%s takes no update and no delete',
    async (table) => {
      const rows = { journal: [{ subject: 'x', at: 0, from: null, to: 'y', because: 'z' }] };
      const capture = captured();
      const posting = {
        cause: movementOf(capture).id,
        debit: 'sales',
        credit: 'psp:stripe:a',
        amount: total,
      } as const;
      const purchase = ours(capture);
      await store.purchases.save(
        changeTo(purchase, null, { ...rows, postings: [posting], events: [eventOf(purchase)] }),
      );
      await client.query(
        `insert into assessments (merchant_id, id, event, at, decision, record) values ($1, $2, 'login', now(), 'allow', '{}')`,
        [merchantId, newId('asm')],
      );
      await expect(client.query(`update ${table} set merchant_id = merchant_id`)).rejects.toThrow(
        'is append-only',
      );
      await expect(client.query(`delete from ${table}`)).rejects.toThrow('is append-only');
    },
  );

  it.each(['payments', 'attempts', 'movements'])('%s takes no delete', async (table) => {
    await store.purchases.save(changeTo(ours(captured())));
    await expect(client.query(`delete from ${table}`)).rejects.toThrow('is append-only');
  });
});

function eventOf({ checkout, sale }: Purchase): Event {
  const orderId = sale!.order.id;
  return {
    id: newId('evt'),
    merchantId,
    at: 0,
    aggregate: { type: 'order', id: orderId },
    sequence: 1,
    type: 'order.created',
    data: { orderId, checkoutId: checkout.id, total },
  };
}

describe('the stream of events', () => {
  const listAll = async (limit: number): Promise<string[]> => {
    const found: string[] = [];
    let after = null;
    for (;;) {
      const page = await store.events.list(merchantId, after, limit);
      found.push(...page.map(({ event }) => event.id));
      if (page.length === 0) return found;
      after = page.at(-1)?.cursor ?? null;
    }
  };
  const say = async (): Promise<string> => {
    const purchase = ours(attemptIn('prepared'));
    const event = eventOf(purchase);
    await store.purchases.save(changeTo(purchase, null, { events: [event] }));
    return event.id;
  };

  it('waits for a slow transaction, and skips nothing that commits late', async () => {
    const early = await say();
    await client.query('begin');
    const slow = newId('evt');
    await client.query(
      `insert into events (merchant_id, id, aggregatetype, aggregateid, sequence, type, at, payload)
        values ($1, $2, 'order', $3, 1, 'order.created', now(), '{}')`,
      [merchantId, slow, newId('ord')],
    );
    const late = await say();
    const during = await listAll(100);
    expect([during.includes(early), during.includes(late)]).toEqual([true, false]);
    await client.query('commit');
    const after = await listAll(100);
    expect(after.slice(0, during.length)).toEqual(during);
    expect(after.slice(during.length)).toEqual([slow, late]);
  });

  it('skips nothing where the number of transactions gets another digit, whatever the page', async () => {
    // Text sorts 1000 before 999: make sure that the stream crosses a power of ten.
    const { rows } = await client.query<{ now: string }>('select pg_current_xact_id()::text as now');
    const target = 10 ** (rows[0]?.now.length ?? 0);
    const before = Number(rows[0]?.now);
    expect(target - before).toBeLessThan(100_000);
    await say();
    await client.query(
      `do $$ begin for i in 1..${Math.max(0, target - before - 5)} loop perform pg_current_xact_id(); commit; end loop; end $$`,
    );
    const said: string[] = [];
    for (let i = 0; i < 12; i += 1) said.push(await say());
    for (const limit of [3, 7, 999]) expect((await listAll(limit)).slice(-12)).toEqual(said);
  });
});
