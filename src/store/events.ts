import { z } from 'zod';
import type { ArchivedMonth } from '../domain/events/archived-month.ts';
import type { Database } from './database.ts';
import { toTimestamp } from './rows/columns.ts';
import { events, fromEventRow, toEventRow } from './rows/fact-rows.ts';
import { raw, sql } from './sql.ts';
import { gated } from './statement.ts';
import type { ListedEvent } from '../domain/events/listed-event.ts';
import type { Store } from './store.ts';
import { insertThrough, openGate } from './table.ts';

/** The places are not called like their columns: `order by xact` would then sort them as text. */
export const listedColumns =
  raw(`merchant_id, id, aggregatetype, aggregateid, sequence, type, at, payload, traceparent, tracelink,
  xact::text as at_xact, position::text as at_position`);

const cursorRow = z.object({ at_xact: z.string(), at_position: z.string() });

export function fromListedRow(row: unknown): ListedEvent {
  const { at_xact, at_position } = cursorRow.parse(row);
  return { event: fromEventRow(row), cursor: { xact: at_xact, position: at_position } };
}

/** The name becomes part of a statement: it is one of ours or nothing. */
const monthRow = z.object({
  partition: z.string().regex(/^events_\d{4}_\d{2}$/),
  archived: z.bigint().nullable(),
});

const countRow = z.object({ events: z.bigint() });

const requestRow = z.object({ request: z.string().nullable() });

const archiveRow = z.object({
  file: z.string(),
  events: z.bigint(),
  chain_start: z.string(),
  chain_end: z.string(),
});

export function eventQueries(database: Database): Store['events'] {
  return {
    list: async (merchantId, after, limit) => {
      const rows = await database.rows(sql`select ${listedColumns} from events
        where merchant_id = ${merchantId}
          and (xact, position) > (${after?.xact ?? '0'}::xid8, ${after?.position ?? '0'}::bigint)
          and xact < pg_snapshot_xmin(pg_current_snapshot())
        order by xact, position limit ${limit}`);
      return rows.map(fromListedRow);
    },
    lastRequest: async (merchantId, aggregateId) => {
      const [row] = await database.rows(sql`select coalesce(tracelink, traceparent) as request from events
        where merchant_id = ${merchantId} and aggregateid = ${aggregateId} order by sequence desc limit 1`);
      return row === undefined ? null : requestRow.parse(row).request;
    },
    planMonths: async (now) => {
      await database.rows(sql`select plan_events_of((date_trunc('month', ${toTimestamp(now)}::timestamptz at time zone 'UTC')
        + make_interval(months => ahead))::date) from generate_series(0, 2) as ahead`);
    },
    archivable: async (liveMonths) => {
      // Text as YYYY_MM compares as time does. A month that was let go of and planned again would overwrite its archive.
      const months = await database.rows(sql`select c.relname as partition, a.events as archived
        from pg_inherits as i join pg_class as c on c.oid = i.inhrelid left join event_archives as a on a.partition = c.relname
        where i.inhparent = 'events'::regclass and c.relname ~ '^events_\\d{4}_\\d{2}$'
          and a.dropped_at is null and c.relname < 'events_' || to_char(now() at time zone 'UTC' - make_interval(months => ${liveMonths}::int), 'YYYY_MM')
        order by c.relname limit 1`);
      if (months[0] === undefined) return null;
      const { partition, archived } = monthRow.parse(months[0]);
      const needed = await database.rows(sql`select 1 from ${raw(partition)} as e
        where exists (select 1 from relay_cursors as c where (e.xact, e.position) > (c.xact, c.position))
          or exists (select 1 from relay_set_aside as w where w.merchant_id = e.merchant_id and w.event_id = e.id)
          or exists (select 1 from webhook_deliveries as d
            where d.merchant_id = e.merchant_id and d.event_id = e.id and d.state = 'open') limit 1`);
      if (needed.length > 0) return null;
      const [count] = await database.rows(sql`select count(*) as events from ${raw(partition)}`);
      return { partition, archived: countRow.parse(count).events === archived };
    },
    ofPartition: async (partition, after, limit) => {
      const rows =
        await database.rows(sql`select ${listedColumns} from ${raw(monthRow.shape.partition.parse(partition))}
        where (xact, position) > (${after.xact}::xid8, ${after.position}::bigint) order by xact, position limit ${limit}`);
      return rows.map(fromListedRow);
    },
    archives: async () => {
      const rows = await database.rows(
        sql`select file, events, chain_start, chain_end from event_archives order by partition`,
      );
      return rows.map((row): ArchivedMonth => {
        const { file, events: count, chain_start, chain_end } = archiveRow.parse(row);
        return { file, events: Number(count), start: chain_start, end: chain_end };
      });
    },
    recordArchive: async (partition, { file, events: count, start, end }, at) => {
      await database.rows(sql`insert into event_archives (partition, file, events, chain_start, chain_end, archived_at)
        values (${partition}, ${file}, ${count}, ${start}, ${end}, ${toTimestamp(at)})
        on conflict (partition) do update set events = excluded.events, chain_start = excluded.chain_start,
          chain_end = excluded.chain_end, archived_at = excluded.archived_at`);
    },
    letGo: async (partition) => {
      await database.rows(sql`select let_go_of_events(${partition})`);
    },
    append: async (appended) => {
      if (appended.length === 0) return;
      await database.run(gated([[openGate, insertThrough('', events, appended.map(toEventRow))]]));
    },
  };
}
