import { z } from 'zod';
import type { Database } from './database.ts';
import { fromPurchaseRow, itsSale, purchaseColumns } from './find-purchase.ts';
import { id, toTimestamp } from './rows/columns.ts';
import { sql } from './sql.ts';
import type { Store, Unsettled } from './store.ts';

const dueRow = z.object({
  merchant_id: id('mer'),
  checkout_id: id('chk'),
  id: z.union([id('att'), id('mov')]),
  asked: z.number(),
});

/**
 * What may still be heard of. Claiming pushes the next look back (1 min, 5 min, 1 h, then daily), so that a worker that
 * dies after claiming delays the question and loses nothing.
 */
export function settlingQueries(database: Database): Store['settling'] {
  return {
    claimDue: async (now, limit) => {
      const at = toTimestamp(now);
      const rows = await database.rows(sql`
        with due_attempts as (
          select id from attempts where ask_at <= ${at}::timestamptz order by ask_at limit ${limit} for update skip locked
        ), due_movements as (
          select id from movements where ask_at <= ${at}::timestamptz order by ask_at limit ${limit} for update skip locked
        ), claimed_attempts as (
          update attempts as a set asked = a.asked + 1, ask_at = ${at}::timestamptz + ask_again_after(a.asked)
          from due_attempts as due where a.id = due.id
          returning a.merchant_id, a.checkout_id, a.id, a.asked - 1 as asked
        ), claimed_movements as (
          update movements as m set asked = m.asked + 1, ask_at = ${at}::timestamptz + ask_again_after(m.asked)
          from due_movements as due where m.id = due.id
          returning m.merchant_id, m.checkout_id, m.id, m.asked - 1 as asked
        )
        select * from claimed_attempts union all select * from claimed_movements`);
      return rows.map((row): Unsettled => {
        const read = dueRow.parse(row);
        const subject = read.id.startsWith('att_')
          ? { kind: 'attempt' as const, id: read.id as `att_${string}` }
          : { kind: 'movement' as const, id: read.id as `mov_${string}` };
        return { merchantId: read.merchant_id, checkoutId: read.checkout_id, subject, asked: read.asked };
      });
    },
    findExpired: async (now, limit) => {
      const rows = await database.rows(sql`select ${purchaseColumns} from checkouts as c ${itsSale}
        where c.state in ('open', 'requires_action') and c.expires_at < ${toTimestamp(now)}::timestamptz
        order by c.expires_at limit ${limit}`);
      return rows.map(fromPurchaseRow);
    },
  };
}
