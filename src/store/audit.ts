import { z } from 'zod';
import type { Purchase } from '../domain/purchase/purchase.ts';
import type { JournalEntry } from '../domain/purchase/step.ts';
import type { Database } from './database.ts';
import { fromPurchaseRow, itsSale, purchaseColumns } from './find-purchase.ts';
import { fromJournalRow } from './rows/fact-rows.ts';
import { currency, instant, minorUnits } from './rows/columns.ts';
import { sql } from './sql.ts';

/** A purchase with everything that was ever said about it, as the invariants want to see it. */
export type Audited = {
  readonly purchase: Purchase;
  readonly journal: readonly JournalEntry[];
  readonly events: readonly z.output<typeof eventRow>[];
  readonly postings: readonly z.output<typeof postingRow>[];
  readonly requests: readonly z.output<typeof requestRow>[];
};

const eventRow = z.object({ id: z.string(), type: z.string(), sequence: z.number() });
const postingRow = z.object({
  cause: z.string(),
  debit: z.string(),
  credit: z.string(),
  amount: minorUnits,
  currency,
});
const requestRow = z.object({
  scope: z.string(),
  checkout_id: z.string(),
  subject: z.string().nullable(),
  lease_until: instant.nullable(),
});

const said = z.object({
  merchant_id: z.string(),
  id: z.string(),
  journal: z.array(z.unknown()).nullable(),
  events: z.array(eventRow).nullable(),
  postings: z.array(postingRow).nullable(),
});

/** Big enough to be quick, small enough to be nothing in memory. */
const page = 500;

/** Every purchase of every merchant, a page at a time. Reads with plain statements: run it where nothing moves. */
export async function* auditPurchases(database: Database): AsyncGenerator<Audited> {
  let after = { merchant_id: '', id: '' };
  for (;;) {
    const rows = await database.rows(sql`select ${purchaseColumns},
        (select json_agg(json_build_object('subject', j.subject, 'at', j.at, 'from_state', j.from_state,
            'to_state', j.to_state, 'because', j.because) order by j.position)
          from journal as j where j.merchant_id = c.merchant_id and j.checkout_id = c.id) as journal,
        (select json_agg(json_build_object('id', e.id, 'type', e.type, 'sequence', e.sequence) order by e.sequence)
          from events as e where e.merchant_id = c.merchant_id and e.aggregateid = o.id) as events,
        (select json_agg(json_build_object('cause', f.cause, 'debit', f.debit, 'credit', f.credit,
            'amount', f.amount::text, 'currency', f.currency) order by f.position)
          from postings as f where f.merchant_id = c.merchant_id and f.checkout_id = c.id) as postings
      from checkouts as c ${itsSale}
      where (c.merchant_id, c.id) > (${after.merchant_id}, ${after.id})
      order by c.merchant_id, c.id limit ${page}`);
    const read = rows.map((row) => ({ purchase: fromPurchaseRow(row), ...said.parse(row) }));
    const requests = await requestsOf(
      database,
      read.map(({ id }) => id),
    );
    for (const { purchase, id, journal, events, postings } of read) {
      yield {
        purchase,
        journal: (journal ?? []).map(fromJournalRow),
        events: events ?? [],
        postings: postings ?? [],
        requests: requests.get(id) ?? [],
      };
    }
    const last = read.at(-1);
    if (last === undefined) return;
    after = last;
  }
}

async function requestsOf(database: Database, checkoutIds: readonly string[]) {
  const rows = await database.rows(sql`select scope, checkout_id, subject, lease_until from requests
    where checkout_id = any(${checkoutIds}) order by scope`);
  return Map.groupBy(
    rows.map((row) => requestRow.parse(row)),
    ({ checkout_id }) => checkout_id,
  );
}
