import { randomBytes } from 'node:crypto';
import type { Event } from '../../src/domain/events/event.ts';
import { type MerchantId, type NewId, type OrderId, idFrom } from '../../src/kernel/ids.ts';
import { type Currency, money } from '../../src/kernel/money.ts';
import { type Database, openPatiently } from '../../src/store/database.ts';
import { postgresStore } from '../../src/store/postgres-store.ts';
import { sql } from '../../src/store/sql.ts';
import type { Store } from '../../src/store/store.ts';
import { freshDatabase } from '../harness/database.ts';

export const newId: NewId = (prefix) => idFrom(prefix, Date.now(), randomBytes(10));

/** A database of its own, with a merchant in it. */
export type Outbox = {
  readonly url: string;
  readonly database: Database;
  readonly store: Store;
  readonly merchantId: MerchantId;
  /** As if nothing had ever been said. */
  readonly empty: () => Promise<void>;
  readonly drop: () => Promise<void>;
};

export async function freshOutbox(): Promise<Outbox> {
  const fresh = await freshDatabase();
  const outbox = await openOutbox(fresh.url);
  const drop = async () => {
    await outbox.drop();
    await fresh.drop();
  };
  return { ...outbox, drop };
}

/** Another merchant of a database that is there already. */
export async function openOutbox(url: string): Promise<Outbox> {
  const database = openTestDatabase(url);
  const store = postgresStore(database);
  const merchantId = newId('mer');
  await store.merchants.create({ id: merchantId, name: 'test', createdAt: Date.now() });
  const empty = async () => {
    await database.rows(
      sql`truncate events, relay_cursors, relay_set_aside, webhook_endpoints, webhook_deliveries`,
    );
  };
  return { url, database, store, merchantId, empty, drop: () => database.close() };
}

export function openTestDatabase(url: string): Database {
  return openPatiently(url, 10);
}

/** The next event of an order. */
export function orderEvent(merchantId: MerchantId, orderId: OrderId, sequence: number, note = ''): Event {
  const checkoutId = `chk_${orderId.slice(4)}` as const;
  const total = money(1299n, 'EUR' as Currency);
  const data = { orderId, checkoutId, total, ...(note === '' ? {} : { note }) };
  return {
    id: newId('evt'),
    merchantId,
    at: Date.now(),
    aggregate: { type: 'order', id: orderId },
    sequence,
    type: 'order.authorized',
    data,
  };
}

/** So many orders with so many events each: first the first of all orders, then the second of all. */
export function manyEvents(merchantId: MerchantId, orders: number, perOrder: number): Event[] {
  const ids = Array.from({ length: orders }, () => newId('ord'));
  return Array.from({ length: perOrder }, (_, at) =>
    ids.map((id) => orderEvent(merchantId, id, at + 1)),
  ).flat();
}

/** What a consumer makes of arrivals: copies are dropped by id; then every order must count 1, 2, 3 … */
export function judge(arrived: readonly { id: string; subject: string; sequence: string }[]) {
  const seen = new Set<string>();
  const next = new Map<string, number>();
  let outOfOrder = 0;
  for (const { id, subject, sequence } of arrived) {
    if (seen.has(id)) continue;
    seen.add(id);
    const expected = next.get(subject) ?? 1;
    if (Number(sequence) !== expected) outOfOrder += 1;
    next.set(subject, Number(sequence) + 1);
  }
  return { distinct: seen.size, copies: arrived.length - seen.size, outOfOrder };
}
