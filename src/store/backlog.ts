import { z } from 'zod';
import type { Instant } from '../kernel/instant.ts';
import type { Database } from './database.ts';
import { instant, toTimestamp } from './rows/columns.ts';
import { raw, sql } from './sql.ts';
import type { Backlog, Store, Waiting } from './store.ts';

const row = z.object({ count: z.bigint().transform(Number), oldest: instant.nullable() });

/** What waits, by a condition that an index answers, and since when. */
const places: Readonly<
  Record<Waiting, { readonly table: string; readonly since: string; readonly where: string }>
> = {
  unknown_attempts: {
    table: 'attempts',
    since: 'changed_at',
    where: "ask_at is not null and state in ('unknown', 'pending')",
  },
  unknown_movements: {
    table: 'movements',
    since: 'changed_at',
    where: "ask_at is not null and state in ('unknown', 'pending')",
  },
  deliveries: { table: 'deliveries', since: 'received_at', where: "state = 'received'" },
  set_aside: { table: 'deliveries', since: 'received_at', where: "state = 'set_aside'" },
  requests: { table: 'requests', since: 'lease_until', where: 'lease_until is not null' },
  reviews: { table: 'orders', since: 'changed_at', where: "state = 'held'" },
  quarantined: { table: 'payments', since: 'changed_at', where: "state = 'quarantined'" },
};

export function backlogQueries(database: Database): Pick<Store, 'backlog'> {
  const one = async (of: Waiting, now: Instant): Promise<Backlog> => {
    const { table, since, where } = places[of];
    // A request within its lease is being served: it does not wait.
    const [found] = await database.rows(sql`select count(*) as count, min(${raw(since)}) as oldest
      from ${raw(table)} where ${raw(where)} and ${raw(since)} <= ${toTimestamp(now)}::timestamptz`);
    const { count, oldest } = row.parse(found);
    return { of, count, oldestMs: oldest === null ? 0 : now - oldest };
  };
  return { backlog: (now) => Promise.all((Object.keys(places) as Waiting[]).map((of) => one(of, now))) };
}
