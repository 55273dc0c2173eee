import { z } from 'zod';
import type { OwnPolicy } from '../domain/risk/policy/own-policy.ts';
import type { Database } from './database.ts';
import { fromTextRow, keepText, textColumns } from './policy-texts.ts';
import type { PolicyStore } from './policy-store.ts';
import { id, instant, toTimestamp } from './rows/columns.ts';
import { StoreFault } from './fault.ts';
import { type Sql, raw, sql } from './sql.ts';

const row = z.object({
  merchant_id: id('mer'),
  number: z.bigint().transform(Number),
  own: z.boolean(),
  beneath: z.bigint().transform(Number).nullable(),
  because: z.string(),
  activated_by: id('key'),
  at: instant,
});
const columns = sql`o.merchant_id, o.number, o.own, o.beneath, o.because, o.activated_by, o.at, ${textColumns}`;
const withTexts = raw('own_policies as o join policies as p on p.hash = o.hash');

function fromRow(found: unknown): OwnPolicy {
  const { merchant_id: merchantId, own: isOwn, activated_by: by, ...same } = row.parse(found);
  return { ...same, merchantId, isOwn, by, text: fromTextRow(found) };
}

/** Counts and writes `policy.activated` for the merchants in `told` (merchant_id, id), from what `activated` answers. */
export function tellOfPolicy(event: string, data: Sql): Sql {
  return sql`counted as (
      insert into policy_events as c (merchant_id, event, sequence)
      select merchant_id, ${event}, 1 from activated, told
      on conflict (merchant_id, event) do update set sequence = c.sequence + 1 returning merchant_id, sequence
    ), said as (
      insert into events (merchant_id, id, aggregatetype, aggregateid, sequence, type, at, payload)
      select merchant_id, told.id, 'policy', ${`policy_${event}`}, counted.sequence, 'policy.activated', activated.at, ${data}
    )`;
}

type OwnPolicyQueries = Pick<PolicyStore, 'changeOwn' | 'own' | 'ownChanges'>;

export function ownPolicyQueries(database: Database): OwnPolicyQueries {
  return {
    changeOwn: async ({ merchantId, text, number, isOwn, beneath, because, by, at, ...told }) => {
      await keepText(database, text);
      const { event, hash } = text;
      try {
        await database.rows(sql`with activated as (
            insert into own_policies (merchant_id, event, number, hash, own, beneath, because, activated_by, at)
            values (${merchantId}, ${event}, ${number}, ${hash}, ${isOwn}, ${beneath}, ${because}, ${by},
              ${toTimestamp(at)}::timestamptz) returning at
          ), told as (select ${merchantId}::text as merchant_id, ${told.eventId}::text as id),
          ${tellOfPolicy(
            event,
            sql`jsonb_build_object('event', ${event}::text, 'hash', ${hash}::text, 'previousHash', ${told.previousHash}::text,
              'version', case when ${isOwn} then ${number}::bigint
                else (select max(a.number) from policy_activations as a where a.event = ${event}) end,
              'rules', ${told.rules}::int, 'origin', case when ${isOwn} then 'merchant' else 'file' end)
            from activated, counted join told using (merchant_id)`,
          )} select from activated`);
        return 'changed';
      } catch (fault) {
        if (fault instanceof StoreFault && fault.constraint === 'own_policies_pkey') return 'outrun';
        throw fault;
      }
    },
    own: async (merchantId, event, limit) => {
      const rows = await database.rows(sql`select ${columns} from ${withTexts}
        where o.merchant_id = ${merchantId} and o.event = ${event} order by o.number desc limit ${limit}`);
      return rows.map(fromRow);
    },
    ownChanges: async (since) => {
      const rows = await database.rows(
        since === null
          ? sql`select distinct on (o.merchant_id, o.event) ${columns}, ${next} from ${withTexts}
              order by o.merchant_id, o.event, o.number desc`
          : sql`select ${columns}, ${next} from ${withTexts} where o.changed >= ${since}::xid8`,
      );
      const [first] = rows;
      return { own: rows.map(fromRow), next: first === undefined ? since : nextRow.parse(first).next };
    },
  };
}

const next = raw('pg_snapshot_xmin(pg_current_snapshot())::text as next');
const nextRow = z.object({ next: z.string() });
