import { z } from 'zod';
import { type EntityKeys, happenings } from '../domain/risk/entities.ts';
import type { Observed } from '../domain/risk/observed.ts';
import type { Database } from './database.ts';
import type { ObservationStore } from './observation-store.ts';
import { id, instant, toTimestamp, written } from './rows/columns.ts';
import { sql } from './sql.ts';

/** Read in a few milliseconds, so that assessments do not wait behind a process that is warming up. */
const pageSize = 200;

const observationRow = z.object({
  merchant_id: id('mer'),
  position: z.bigint(),
  what: z.enum([...happenings, 'fraud', 'good']),
  at: instant,
  amount: z.number().nullable(),
  overrules: z.boolean().nullable(),
  keys: written<EntityKeys>(),
});

function fromObservationRow(row: unknown): Observed & { readonly position: bigint } {
  const { merchant_id, position, what, at, amount, overrules, keys } = observationRow.parse(row);
  const change =
    what === 'fraud' || what === 'good'
      ? ({
          what: 'labelled',
          fraud: what === 'fraud',
          happenedAt: at,
          overrules: overrules === true,
        } as const)
      : { what, at, amount: amount ?? NaN };
  return { merchantId: merchant_id, keys, change, position };
}

function toObservationRow({ merchantId, keys, change }: Observed) {
  const [what, at, amount] =
    change.what === 'labelled'
      ? [change.fraud ? 'fraud' : 'good', change.happenedAt, NaN]
      : [change.what, change.at, change.amount];
  return {
    merchant_id: merchantId,
    what,
    at: toTimestamp(at),
    amount: Number.isNaN(amount) ? null : amount,
    overrules: change.what === 'labelled' ? change.overrules === true : null,
    keys,
  };
}

export function observationQueries(database: Database): ObservationStore {
  return {
    append: async (observed) => {
      const rows = JSON.stringify(observed.map(toObservationRow));
      await database.rows(sql`insert into observations (merchant_id, what, at, amount, overrules, keys)
        select merchant_id, what, at, amount, overrules, keys
        from json_to_recordset(${rows}::json)
          as new (merchant_id text, what text, at timestamptz, amount double precision, overrules boolean, keys jsonb)`);
    },
    newest: async (countMax) => {
      const [row] = await database.rows(sql`select coalesce(max(position), 0) as until,
          coalesce((select position from observations order by position desc offset ${countMax} limit 1), 0) as after
        from observations`);
      return z.object({ after: z.bigint(), until: z.bigint() }).parse(row);
    },
    read: async ({ after, until }) => {
      const rows =
        await database.rows(sql`select merchant_id, position, what, at, amount, overrules, keys from observations
        where position > ${after} and position <= ${until} order by position limit ${pageSize}`);
      const observed = rows.map(fromObservationRow);
      const last = observed.length < pageSize ? undefined : observed.at(-1);
      return { observed, rest: last === undefined ? null : { after: last.position, until } };
    },
    keepNewest: async (countMax) => {
      await database.rows(sql`delete from observations where position <=
        (select position from observations order by position desc offset ${countMax} limit 1)`);
    },
  };
}
