import { z } from 'zod';
import { actionForMs } from '../domain/payment/attempt.ts';
import type { ChargeFacts } from '../domain/payment/compare-charges.ts';
import type { Database } from './database.ts';
import { fromPurchaseRow, itsSale, purchaseColumns } from './find-purchase.ts';
import { currency, id, instant, minorUnits, toTimestamp } from './rows/columns.ts';
import { raw, sql } from './sql.ts';
import type { Store, Unsettled } from './store.ts';

const dueRow = z.object({
  merchant_id: id('mer'),
  checkout_id: id('chk'),
  id: z.union([id('att'), id('mov')]),
  asked: z.number(),
});

const chargeRow = z.object({
  id: id('att'),
  psp_reference: z.string().nullable(),
  created_at: instant,
  currency,
  authorized: minorUnits,
  captured: minorUnits,
  refunded: minorUnits,
});

const actionFor = raw(`interval '${actionForMs} milliseconds'`);

/** What a PSP still works on is in nobody's way: who is found and cannot be helped keeps the others from being found. */
const moving = raw("m.state in ('prepared', 'pending', 'unknown')");

/**
 * What may still be heard of. Claiming pushes the next look back (1 min, 5 min, 1 h, then daily), so that a worker that
 * dies after claiming delays the question and loses nothing. What waits for the buyer is looked at when it is to be given up.
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
          update attempts as a set asked = a.asked + 1, ask_at = least(
            ${at}::timestamptz + ask_again_after(a.asked),
            case when a.state = 'requires_action' and a.changed_at + ${actionFor} > ${at}::timestamptz
              then a.changed_at + ${actionFor} end)
          from due_attempts as due where a.id = due.id
          returning a.merchant_id, a.checkout_id, a.id, a.asked - 1 as asked
        ), claimed_movements as (
          update movements as m set asked = m.asked + 1, ask_at = ${at}::timestamptz + ask_again_after(m.asked)
          from due_movements as due where m.id = due.id
          returning m.merchant_id, m.checkout_id, m.id, m.asked - 1 as asked
        )
        select * from claimed_attempts union all select * from claimed_movements`);
      return rows.map(fromDueRow);
    },
    findExpired: async (now, limit) => {
      const rows = await database.rows(sql`select ${purchaseColumns} from checkouts as c ${itsSale}
        where c.state = 'open' and c.expires_at < ${toTimestamp(now)}::timestamptz
        order by c.expires_at limit ${limit}`);
      return rows.map(fromPurchaseRow);
    },
    findToCapture: async (now, limit) => {
      const at = toTimestamp(now);
      const rows = await database.rows(sql`select ${purchaseColumns} from checkouts as c ${itsSale}
        where p.state = 'authorized' and o.state = 'authorized' and p.capture_at <= ${at}::timestamptz
          and not exists (select 1 from movements as m where m.merchant_id = c.merchant_id and m.checkout_id = c.id
            and not m.stray and m.kind in ('capture', 'void')
            and (${moving} or m.kind = 'capture' and m.changed_at > ${at}::timestamptz - interval '1 hour'))
        order by p.capture_at limit ${limit}`);
      return rows.map(fromPurchaseRow);
    },
    findLapsed: async (now, limit) => {
      const at = toTimestamp(now);
      const rows = await database.rows(sql`select ${purchaseColumns} from checkouts as c ${itsSale}
        where p.state = 'authorized' and p.changed_at < ${at}::timestamptz - interval '7 days'
          and exists (select 1 from attempts as a where a.merchant_id = c.merchant_id and a.checkout_id = c.id
            and a.state = 'authorized' and a.changed_at < ${at}::timestamptz
              - case a.psp when 'stripe' then interval '7 days' else interval '28 days' end)
          and not exists (select 1 from movements as m where m.merchant_id = c.merchant_id and m.checkout_id = c.id
            and not m.stray and m.kind in ('capture', 'void') and ${moving})
        order by p.changed_at limit ${limit}`);
      return rows.map(fromPurchaseRow);
    },
    charges: async (merchantId, { psp, account }, { since, until }) => {
      const sum = (kind: string) =>
        raw(`coalesce((select sum(m.amount) from movements as m where m.merchant_id = a.merchant_id
          and m.checkout_id = a.checkout_id and m.attempt_id = a.id and m.kind = '${kind}' and m.state = 'succeeded'), 0)::bigint`);
      const rows = await database.rows(sql`select a.id, a.psp_reference, a.created_at,
          coalesce(a.detail#>>'{amount,currency}', a.detail#>>'{said,amount,currency}', a.currency) as currency,
          coalesce((a.detail#>>'{amount,amount}')::bigint, (a.detail#>>'{said,amount,amount}')::bigint, a.amount)
            + ${sum('increment')} as authorized,
          ${sum('capture')} + coalesce((a.detail#>>'{said,captured,amount}')::bigint, 0) as captured, ${sum('refund')} as refunded
        from attempts as a
        where a.merchant_id = ${merchantId} and a.psp = ${psp} and a.psp_account = ${account}
          and (a.state = 'authorized' or (a.state = 'quarantined' and a.detail->'said' is not null))
          and a.created_at >= ${toTimestamp(since)}::timestamptz and a.created_at < ${toTimestamp(until)}::timestamptz`);
      return rows.map((row): ChargeFacts => {
        const read = chargeRow.parse(row);
        const { id: attemptId, psp_reference: pspReference, created_at: at, ...amounts } = read;
        return { attemptId, pspReference, at, ...amounts };
      });
    },
    claimReconciliation: async ({ psp, account }, day, now) => {
      const at = toTimestamp(now);
      const rows = await database.rows(sql`insert into reconciliations as r (psp, psp_account, day, begun_at)
        values (${psp}, ${account}, ${day}::date, ${at}::timestamptz)
        on conflict (psp, psp_account, day) do update set begun_at = excluded.begun_at
          where r.done_at is null and r.begun_at < excluded.begun_at - interval '30 minutes'
        returning 1`);
      return rows.length === 1;
    },
    endReconciliation: async ({ psp, account }, day, now) => {
      await database.rows(sql`update reconciliations set done_at = ${toTimestamp(now)}::timestamptz
        where psp = ${psp} and psp_account = ${account} and day = ${day}::date`);
    },
    claimOf: async (merchantId, checkoutId, now) => {
      const at = toTimestamp(now);
      const key = sql`merchant_id = ${merchantId} and checkout_id = ${checkoutId}`;
      const ripe = sql`state in ('unknown', 'pending') and changed_at < ${at}::timestamptz - interval '1 second'
        and (read_at is null or read_at < ${at}::timestamptz - interval '5 seconds')`;
      const rows = await database.rows(sql`with claimed_attempts as (
          update attempts set read_at = ${at}::timestamptz where ${key} and ${ripe}
          returning merchant_id, checkout_id, id, asked
        ), claimed_movements as (
          update movements set read_at = ${at}::timestamptz where ${key} and ${ripe}
          returning merchant_id, checkout_id, id, asked
        )
        select * from claimed_attempts union all select * from claimed_movements`);
      return rows.map(fromDueRow);
    },
  };
}

function fromDueRow(row: unknown): Unsettled {
  const read = dueRow.parse(row);
  const subject = read.id.startsWith('att_')
    ? { kind: 'attempt' as const, id: read.id as `att_${string}` }
    : { kind: 'movement' as const, id: read.id as `mov_${string}` };
  return { merchantId: read.merchant_id, checkoutId: read.checkout_id, subject, asked: read.asked };
}
