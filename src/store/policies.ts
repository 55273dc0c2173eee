import { z } from 'zod';
import type { PolicyText } from '../domain/risk/policy/policy.ts';
import type { ShadowPolicy } from '../domain/risk/policy/shadow-policy.ts';
import type { Database } from './database.ts';
import { StoreFault } from './fault.ts';
import { ownPolicyQueries, tellOfPolicy } from './own-policies.ts';
import type { PolicyStore } from './policy-store.ts';
import { fromTextRow, keepText, textColumns } from './policy-texts.ts';
import { id, instant, toTimestamp } from './rows/columns.ts';
import { sql } from './sql.ts';

const activationRow = z.object({ at: instant });

const shadowRow = z.object({
  merchant_id: id('mer'),
  id: id('shp'),
  name: z.string(),
  added_by: id('key'),
  added_at: instant,
  removed_by: id('key').nullable(),
  removed_at: instant.nullable(),
});
const shadowColumns = sql`s.merchant_id, s.id, s.name, s.added_by, s.added_at, s.removed_by, s.removed_at, ${textColumns}`;

function fromShadowRow(row: unknown): ShadowPolicy {
  const read = shadowRow.parse(row);
  const { removed_by: by, removed_at: at } = read;
  return {
    id: read.id,
    merchantId: read.merchant_id,
    name: read.name,
    text: fromTextRow(row),
    addedBy: read.added_by,
    addedAt: read.added_at,
    removed: by === null || at === null ? null : { by, at },
  };
}

export function policyQueries(database: Database): PolicyStore {
  const keep = (text: PolicyText): Promise<void> => keepText(database, text);
  return {
    ...ownPolicyQueries(database),
    keep,
    activate: async ({ policy, at, told }) => {
      const { event, hash, rules } = policy;
      await keep(policy);
      // Processes that come at once count to the same number, and one of them has it. The others look again: what they
      // bring is in force by then, or another policy is, and theirs follows it.
      const recorded = async (): Promise<boolean> => {
        const rows = await database.rows(sql`with before as (
          select coalesce(max(number), 0) as number, (array_agg(hash order by number desc))[1] as hash
          from policy_activations where event = ${event}
        ), activated as (
          insert into policy_activations (event, number, hash, at)
          select ${event}, number + 1, ${hash}, ${toTimestamp(at)}::timestamptz
          from before where hash is distinct from ${hash}
          on conflict do nothing returning number, at
        ), told as (
          select * from unnest(${told.map(({ merchantId }) => merchantId)}::text[],
            ${told.map(({ eventId }) => eventId)}::text[]) as told (merchant_id, id)
          where (select o.own from own_policies as o where o.merchant_id = told.merchant_id and o.event = ${event}
            order by o.number desc limit 1) is not true
        ), ${tellOfPolicy(
          event,
          sql`jsonb_build_object('event', ${event}::text, 'hash', ${hash}::text, 'previousHash', before.hash,
            'version', activated.number, 'rules', ${rules.length}::int, 'origin', 'file')
          from activated, before, counted join told using (merchant_id)`,
        )}
        select 1 from before where hash = ${hash} or exists (select from activated)`);
        return rows.length === 1;
      };
      while (!(await recorded()));
    },
    find: async (hash) => {
      const [row] = await database.rows(sql`select ${textColumns} from policies as p where p.hash = ${hash}`);
      return row === undefined ? null : fromTextRow(row);
    },
    history: async (event, limit) => {
      const rows = await database.rows(sql`select a.at, ${textColumns}
        from policy_activations as a join policies as p on p.hash = a.hash
        where a.event = ${event} order by a.number desc limit ${limit}`);
      return rows.map((row) => ({ ...fromTextRow(row), ...activationRow.parse(row) }));
    },
    addShadow: async (shadow) => {
      await keep(shadow.text);
      try {
        await database.rows(sql`insert into shadow_policies (merchant_id, id, name, hash, added_by, added_at)
          values (${shadow.merchantId}, ${shadow.id}, ${shadow.name}, ${shadow.text.hash}, ${shadow.addedBy},
            ${toTimestamp(shadow.addedAt)})`);
        return 'added';
      } catch (fault) {
        if (fault instanceof StoreFault && fault.constraint === 'shadow_name_is_unique') return 'name_taken';
        throw fault;
      }
    },
    removeShadow: async (merchantId, shadowId, { by, at }) => {
      const [row] = await database.rows(sql`update shadow_policies as s
        set removed_by = ${by}, removed_at = ${toTimestamp(at)}, changed = pg_current_xact_id()
        from policies as p
        where s.merchant_id = ${merchantId} and s.id = ${shadowId} and s.removed_at is null and p.hash = s.hash
        returning ${shadowColumns}`);
      return row === undefined ? null : fromShadowRow(row);
    },
    shadows: async (merchantId, limit) => {
      const rows = await database.rows(sql`select ${shadowColumns}
        from shadow_policies as s join policies as p on p.hash = s.hash
        where s.merchant_id = ${merchantId} order by s.id desc limit ${limit}`);
      return rows.map(fromShadowRow);
    },
    shadowChanges: async (since) => {
      const wanted = since === null ? sql`s.removed_at is null` : sql`s.changed >= ${since}::xid8`;
      const rows =
        await database.rows(sql`select ${shadowColumns}, pg_snapshot_xmin(pg_current_snapshot())::text as next
        from shadow_policies as s join policies as p on p.hash = s.hash where ${wanted}`);
      const [first] = rows;
      return {
        shadows: rows.map(fromShadowRow),
        next: first === undefined ? since : nextRow.parse(first).next,
      };
    },
  };
}

const nextRow = z.object({ next: z.string() });
