import { z } from 'zod';
import type { Database } from './database.ts';
import { id, toTimestamp } from './rows/columns.ts';
import { fromAssessmentRow } from './rows/fact-rows.ts';
import { raw, sql } from './sql.ts';
import type { Store } from './store.ts';

/** What is known of a purchase: the label that became known last. */
const labelled = raw(`left join lateral (
    select l.fraud from labels as l where l.merchant_id = a.merchant_id and l.checkout_id = a.checkout_id
    order by l.known_at desc limit 1
  ) as l on true`);

const fraudRow = z.object({ fraud: z.boolean().nullable() });
const tracedRow = fraudRow.extend({ checkout_id: id('chk').nullable() });

const comparisonRow = z.object({
  event: z.string(),
  name: z.string(),
  policy: z.string(),
  live: z.string(),
  shadow: z.string(),
  assessments: z.bigint().transform(Number),
  fraud: z.bigint().transform(Number),
  good: z.bigint().transform(Number),
});

/** Past assessments, for whoever wants to know what another policy would have said. */
export function recordedQueries(
  database: Database,
): Pick<Store['assessments'], 'findAnywhere' | 'recorded' | 'ofEntity' | 'comparisons'> {
  return {
    findAnywhere: async (assessmentId) => {
      const [row] = await database.rows(sql`select a.record from merchants as m
        join assessments as a on a.merchant_id = m.id and a.id = ${assessmentId}`);
      return row === undefined ? null : fromAssessmentRow(row);
    },
    recorded: async (merchantId, event, before, limit) => {
      const at = before && toTimestamp(before.at);
      const rows = await database.rows(sql`select a.record, l.fraud from assessments as a ${labelled}
        where a.merchant_id = ${merchantId} and a.event = ${event}
          and (${at}::timestamptz is null or (a.at, a.id) < (${at}::timestamptz, ${before?.id ?? null}))
        order by a.at desc, a.id desc limit ${limit}`);
      return rows.map((row) => ({ ...fromAssessmentRow(row), fraud: fraudRow.parse(row).fraud }));
    },
    ofEntity: async (merchantId, { kind, key }, after, limit) => {
      const older = after === null ? sql`true` : sql`a.id < ${after}`;
      const rows =
        await database.rows(sql`select a.record, a.checkout_id, l.fraud from assessments as a ${labelled}
        where a.record -> 'entities' ->> ${raw(`'${kind}'`)} = ${key} and a.merchant_id = ${merchantId} and ${older}
        order by a.id desc limit ${limit}`);
      return rows.map((row) => {
        const { checkout_id: checkoutId, fraud } = tracedRow.parse(row);
        return { ...fromAssessmentRow(row), checkoutId, fraud };
      });
    },
    comparisons: async (merchantId, since, limit) => {
      const rows = await database.rows(sql`with judged as (
          select a.event, a.decision, a.record->'shadows' as shadows, l.fraud from assessments as a ${labelled}
          where a.merchant_id = ${merchantId} and a.at >= ${toTimestamp(since)}::timestamptz
          order by a.at desc limit ${limit}
        )
        select j.event, s.value->>'name' as name, s.value->'versions'->>'policy' as policy, j.decision as live,
          s.value->>'decision' as shadow, count(*) as assessments,
          count(*) filter (where j.fraud) as fraud, count(*) filter (where not j.fraud) as good
        from judged as j cross join lateral jsonb_array_elements(j.shadows) as s (value)
        group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5`);
      return rows.map((row) => comparisonRow.parse(row));
    },
  };
}
