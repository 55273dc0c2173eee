import { z } from 'zod';
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
  raw(`merchant_id, id, aggregatetype, aggregateid, sequence, type, at, payload, traceparent,
  xact::text as at_xact, position::text as at_position`);

const cursorRow = z.object({ at_xact: z.string(), at_position: z.string() });

export function fromListedRow(row: unknown): ListedEvent {
  const { at_xact, at_position } = cursorRow.parse(row);
  return { event: fromEventRow(row), cursor: { xact: at_xact, position: at_position } };
}

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
    planMonths: async (now) => {
      await database.rows(sql`select plan_events_of((date_trunc('month', ${toTimestamp(now)}::timestamptz at time zone 'UTC')
        + make_interval(months => ahead))::date) from generate_series(0, 2) as ahead`);
    },
    append: async (appended) => {
      if (appended.length === 0) return;
      await database.run(gated([[openGate, insertThrough('', events, appended.map(toEventRow))]]));
    },
  };
}
