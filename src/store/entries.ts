import { z } from 'zod';
import type { Entry } from '../domain/risk/entry.ts';
import type { Database } from './database.ts';
import type { EntryStore } from './entry-store.ts';
import { StoreFault } from './fault.ts';
import { id, instant, toTimestamp } from './rows/columns.ts';
import { raw, sql } from './sql.ts';

const columns = raw(
  'merchant_id, id, what, name, key, reason, added_by, added_at, expires_at, removed_by, removed_at',
);

const entryRow = z.object({
  merchant_id: id('mer'),
  id: id('ent'),
  what: z.enum(['list', 'snooze']),
  name: z.string(),
  key: z.string(),
  reason: z.string(),
  added_by: id('key'),
  added_at: instant,
  expires_at: instant.nullable(),
  removed_by: id('key').nullable(),
  removed_at: instant.nullable(),
});

function fromEntryRow(row: unknown): Entry {
  const { merchant_id, added_by, added_at, expires_at, removed_by, removed_at, ...same } =
    entryRow.parse(row);
  return {
    ...same,
    merchantId: merchant_id,
    addedBy: added_by,
    addedAt: added_at,
    expiresAt: expires_at,
    removed: removed_by === null || removed_at === null ? null : { by: removed_by, at: removed_at },
  };
}

export function entryQueries(database: Database): EntryStore {
  return {
    add: async (entry) => {
      const { merchantId, what, name, key, addedAt, addedBy, expiresAt } = entry;
      try {
        // Inserting from the count of what was removed makes PostgreSQL remove first.
        const rows = await database.rows(sql`with former as (
            update entries set removed_by = ${addedBy}, removed_at = ${toTimestamp(addedAt)}, changed = pg_current_xact_id()
            where merchant_id = ${merchantId} and what = ${what} and name = ${name} and key = ${key} and removed_at is null
            returning ${columns}
          ), added as (
            insert into entries (merchant_id, id, what, name, key, reason, added_by, added_at, expires_at)
            select ${merchantId}, ${entry.id}, ${what}, ${name}, ${key}, ${entry.reason}, ${addedBy},
              ${toTimestamp(addedAt)}::timestamptz, ${expiresAt === null ? null : toTimestamp(expiresAt)}::timestamptz
            from (select count(*) from former) as done
            returning ${columns}
          )
          select ${columns} from former union all select ${columns} from added`);
        return rows.map(fromEntryRow);
      } catch (fault) {
        if (fault instanceof StoreFault && fault.constraint === 'entry_is_there_once') return [];
        throw fault;
      }
    },
    remove: async (merchantId, entryId, { what, name }, { by, at }) => {
      const [row] = await database.rows(sql`update entries
        set removed_by = ${by}, removed_at = ${toTimestamp(at)}, changed = pg_current_xact_id()
        where merchant_id = ${merchantId} and id = ${entryId} and what = ${what} and name = coalesce(${name}, name)
          and removed_at is null
        returning ${columns}`);
      return row === undefined ? null : fromEntryRow(row);
    },
    find: async (merchantId, { what, name, key }) => {
      const [row] = await database.rows(sql`select ${columns} from entries
        where merchant_id = ${merchantId} and what = ${what} and name = ${name} and key = ${key} and removed_at is null`);
      return row === undefined ? null : fromEntryRow(row);
    },
    list: async (merchantId, what, name, limit) => {
      const rows = await database.rows(sql`select ${columns} from entries
        where merchant_id = ${merchantId} and what = ${what} and name = coalesce(${name}, name)
        order by id desc limit ${limit}`);
      return rows.map(fromEntryRow);
    },
    count: async (merchantId, what, now) => {
      const rows = await database.rows(sql`select name, count(*) as n from entries
        where merchant_id = ${merchantId} and what = ${what} and removed_at is null
          and coalesce(expires_at > ${toTimestamp(now)}::timestamptz, true)
        group by name`);
      return new Map(rows.map((row) => countRow.parse(row)).map(({ name, n }) => [name, n]));
    },
    changes: async (since, now) => {
      const wanted =
        since === null
          ? sql`removed_at is null and coalesce(expires_at > ${toTimestamp(now)}::timestamptz, true)`
          : sql`changed >= ${since}::xid8`;
      const rows =
        await database.rows(sql`select ${columns}, pg_snapshot_xmin(pg_current_snapshot())::text as next
        from entries where ${wanted}`);
      const [first] = rows;
      return {
        entries: rows.map(fromEntryRow),
        next: first === undefined ? since : nextRow.parse(first).next,
      };
    },
  };
}

const countRow = z.object({ name: z.string(), n: z.bigint().transform(Number) });
const nextRow = z.object({ next: z.string() });
