import { z } from 'zod';
import type { Database } from './database.ts';
import { fromListedRow, listedColumns } from './events.ts';
import { id, instant } from './rows/columns.ts';
import { type Sql, raw, sql } from './sql.ts';
import type { RelayStore, SetAside } from './relay-store.ts';

const cursorRow = z.object({
  xact: z.string(),
  place: z.string(),
  tries: z.number(),
  set_aside: z.boolean(),
});

const lag = z.object({ sink: z.string(), seconds: z.number(), set_aside: z.bigint().transform(Number) });

const setAsideRow = z.object({
  sink: z.string(),
  merchant_id: id('mer'),
  event_id: id('evt'),
  key: z.string(),
  because: z.string(),
  set_aside_at: instant,
});

/** Whether anything waits for the sink of the row, so that a relay with nothing set aside never asks again. */
const hasSetAside = raw(
  'exists (select 1 from relay_set_aside as w where w.sink = relay_cursors.sink) as set_aside',
);

const before = (ms: number): Sql => sql`clock_timestamp() + ${ms}::int * interval '1 millisecond'`;

/** Leases by the clock of the database: `holder` may write only while nobody else has taken over. */
export function relayQueries(database: Database): RelayStore {
  return {
    claim: async (sink, holder, leaseMs) => {
      const [row] = await database.rows(sql`insert into relay_cursors (sink, holder, lease_until)
        values (${sink}, ${holder}, ${before(leaseMs)})
        on conflict (sink) do update set holder = excluded.holder, lease_until = excluded.lease_until
        where relay_cursors.holder = excluded.holder or coalesce(relay_cursors.lease_until < clock_timestamp(), true)
        returning xact::text as xact, position::text as place, tries, ${hasSetAside}`);
      if (row === undefined) return null;
      const { xact, place, tries, set_aside } = cursorRow.parse(row);
      return { cursor: { xact, position: place }, tries, hasSetAside: set_aside };
    },
    release: async (sink, holder) => {
      await database.rows(
        sql`update relay_cursors set holder = null, lease_until = null where sink = ${sink} and holder = ${holder}`,
      );
    },
    read: async (after, limit) => {
      const rows = await database.rows(sql`select ${listedColumns} from events
        where (xact, position) > (${after.xact}::xid8, ${after.position}::bigint)
          and xact < pg_snapshot_xmin(pg_current_snapshot())
        order by xact, position limit ${limit}`);
      return rows.map(fromListedRow);
    },
    advance: async (sink, holder, to, leaseMs) => {
      const rows = await database.rows(sql`update relay_cursors
        set xact = ${to.xact}::xid8, position = ${to.position}::bigint, tries = 0, lease_until = ${before(leaseMs)}
        where sink = ${sink} and holder = ${holder} returning 1`);
      return rows.length === 1;
    },
    countRefusal: async (sink, holder) => {
      const [row] = await database.rows(sql`update relay_cursors set tries = tries + 1
        where sink = ${sink} and holder = ${holder} returning tries`);
      return row === undefined ? null : z.object({ tries: z.number() }).parse(row).tries;
    },
    setAside: async (sink, holder, { event, cursor }, because) => {
      const rows = await database.rows(sql`with moved as (
          update relay_cursors set xact = ${cursor.xact}::xid8, position = ${cursor.position}::bigint, tries = 0
          where sink = ${sink} and holder = ${holder} returning sink
        )
        insert into relay_set_aside (sink, merchant_id, event_id, key, xact, position, because)
        select sink, ${event.merchantId}, ${event.id}, ${event.aggregate.id}, ${cursor.xact}::xid8, ${cursor.position}::bigint, ${because}
        from moved returning 1`);
      return rows.length === 1;
    },
    heldKeys: async (sink, keys) => {
      const rows = await database.rows(
        sql`select distinct key from relay_set_aside where sink = ${sink} and key = any(${keys}::text[])`,
      );
      return new Set(rows.map((row) => z.object({ key: z.string() }).parse(row).key));
    },
    toReplay: async (sink, limit) => {
      const rows = await database.rows(sql`select ${listedColumns} from events
        where (merchant_id, id, xact, position) in (
          select merchant_id, event_id, xact, position from relay_set_aside as w
          where sink = ${sink} and replay and not exists (
            select 1 from relay_set_aside as earlier where earlier.sink = w.sink and earlier.key = w.key
              and (earlier.xact, earlier.position) < (w.xact, w.position) and not earlier.replay))
        order by xact, position limit ${limit}`);
      return rows.map(fromListedRow);
    },
    replayed: async (sink, { event }) => {
      await database.rows(
        sql`delete from relay_set_aside where sink = ${sink} and merchant_id = ${event.merchantId} and event_id = ${event.id}`,
      );
    },
    refusedAgain: async (sink, key, because) => {
      await database.rows(
        sql`update relay_set_aside set replay = false, because = ${because} where sink = ${sink} and key = ${key}`,
      );
    },
    listSetAside: async (limit) => {
      const rows = await database.rows(sql`select sink, merchant_id, event_id, key, because, set_aside_at
        from relay_set_aside order by sink, xact, position limit ${limit}`);
      return rows.map((row): SetAside => {
        const { sink, merchant_id, event_id, key, because, set_aside_at } = setAsideRow.parse(row);
        return { sink, merchantId: merchant_id, eventId: event_id, key, because, at: set_aside_at };
      });
    },
    replay: async (sink, key) => {
      const rows = await database.rows(sql`update relay_set_aside set replay = true
        where sink = ${sink} and (${key}::text is null or key = ${key}) returning 1`);
      return rows.length;
    },
    skip: async (sink, eventId) => {
      const rows = await database.rows(
        sql`delete from relay_set_aside where sink = ${sink} and event_id = ${eventId} returning 1`,
      );
      return rows.length === 1;
    },
    forget: async (sink) => {
      const rows = await database.rows(sql`with gone as (
          delete from relay_cursors where sink = ${sink} and coalesce(lease_until < clock_timestamp(), true) returning sink
        ), waiting as (
          delete from relay_set_aside as w using gone where w.sink = gone.sink
        )
        select sink from gone`);
      return rows.length === 1;
    },
    lags: async () => {
      const rows = await database.rows(sql`select c.sink,
          coalesce((select extract(epoch from clock_timestamp() - e.at) from events as e
            where (e.xact, e.position) > (c.xact, c.position) order by e.xact, e.position limit 1), 0)::float8 as seconds,
          (select count(*) from relay_set_aside as w where w.sink = c.sink) as set_aside
        from relay_cursors as c`);
      return rows.map((row) => {
        const { sink, seconds, set_aside } = lag.parse(row);
        return { sink, seconds: Math.max(0, seconds), setAside: set_aside };
      });
    },
  };
}
