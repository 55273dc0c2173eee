import type { Database } from './database.ts';
import { fromPurchaseRow, itsSale, purchaseColumns } from './find-purchase.ts';
import { toTimestamp } from './rows/columns.ts';
import { fromDisputeRow, fromLabelRow } from './rows/dispute-row.ts';
import { raw, sql } from './sql.ts';
import type { Store } from './store.ts';

const columns = raw(
  'checkout_id, id, attempt_id, psp_reference, state, inquiry, amount, currency, reason, fraud, evidence_due_at, opened_at, changed_at',
);

export function disputeQueries(database: Database): Store['disputes'] {
  return {
    ofPurchase: async (merchantId, checkoutId) => {
      const rows = await database.rows(sql`select ${columns} from disputes
        where merchant_id = ${merchantId} and checkout_id = ${checkoutId} order by id`);
      return rows.map(fromDisputeRow);
    },
    list: async (merchantId, limit) => {
      const rows = await database.rows(sql`select ${columns} from disputes
        where merchant_id = ${merchantId} order by changed_at desc, id limit ${limit}`);
      return rows.map(fromDisputeRow);
    },
  };
}

const labelColumns = raw(
  'merchant_id, id, checkout_id, fraud, source, strength, reference, happened_at, known_at',
);

export function labelQueries(database: Database): Store['labels'] {
  return {
    ofPurchase: async (merchantId, checkoutId) => {
      const rows = await database.rows(sql`select ${labelColumns} from labels
        where merchant_id = ${merchantId} and checkout_id = ${checkoutId} order by id`);
      return rows.map(fromLabelRow);
    },
    list: async (merchantId, since, limit) => {
      const rows = await database.rows(sql`select ${labelColumns} from labels
        where merchant_id = ${merchantId} and known_at >= ${toTimestamp(since)}::timestamptz
        order by known_at, id limit ${limit}`);
      return rows.map(fromLabelRow);
    },
    findQuiet: async (until, after, limit) => {
      const further =
        after === null
          ? sql`true`
          : sql`(p.changed_at, p.checkout_id) > (${toTimestamp(after.at)}::timestamptz, ${after.checkoutId})`;
      const its = (name: string) =>
        raw(`select 1 from ${name} as x where x.merchant_id = c.merchant_id and x.checkout_id = c.id`);
      const rows = await database.rows(sql`select ${purchaseColumns} from checkouts as c ${itsSale}
        where p.state = 'captured' and p.refunded < p.captured and p.changed_at <= ${toTimestamp(until)}::timestamptz
          and ${further} and not exists (${its('labels')}) and not exists (${its('disputes')})
        order by p.changed_at, p.checkout_id limit ${limit}`);
      return rows.map(fromPurchaseRow);
    },
  };
}
