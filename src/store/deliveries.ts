import { z } from 'zod';
import type { Witness } from '../domain/payment/witness.ts';
import type { Database } from './database.ts';
import { id, instant, toTimestamp } from './rows/columns.ts';
import { join, raw, sql } from './sql.ts';
import { type Part, part } from './statement.ts';
import type { Delivery, DeliveryName, Store } from './store.ts';

const deliveryRow = z.object({
  psp: z.enum(['stripe', 'adyen']),
  psp_account: z.string(),
  merchant_id: id('mer'),
  witness: z.string(),
  received_at: instant,
  state: z.enum(['received', 'processed', 'set_aside']),
  tries: z.number(),
  note: z.string().nullable(),
});

const columns = raw(
  'd.psp, d.psp_account, d.merchant_id, d.witness::text as witness, d.received_at, d.state, d.tries, d.note',
);

function fromDeliveryRow(row: unknown): Delivery {
  const { psp, psp_account, merchant_id, witness, received_at, state, tries, note } = deliveryRow.parse(row);
  return {
    psp,
    account: psp_account,
    merchantId: merchant_id,
    witness: JSON.parse(witness, textToBigint) as Witness,
    receivedAt: received_at,
    state,
    tries,
    note,
  };
}

/** Marks a delivery as processed inside the change that it caused. */
export function closeDelivery(gate: string, { psp, account, messageId }: DeliveryName): Part {
  return part(
    'close delivery',
    sql`update deliveries set state = 'processed', try_at = null, note = 'changed the payment' from ${raw(gate)}
    where psp = ${psp} and psp_account = ${account} and message_id = ${messageId}`,
  );
}

export function deliveryQueries(database: Database): Store['deliveries'] {
  return {
    receive: async (deliveries) => {
      const tuples = deliveries.map(
        (
          each,
        ) => sql`(${each.psp}::text, ${each.account}::text, ${each.witness.messageId}::text, ${each.merchantId}::text, ${each.witness.type}::text,
          ${JSON.stringify(each.witness, bigintToText)}::jsonb, ${toTimestamp(each.receivedAt)}::timestamptz, 'received', ${toTimestamp(each.receivedAt)}::timestamptz)`,
      );
      if (tuples.length === 0) return 0;
      const rows = await database.rows(sql`insert into deliveries
        (psp, psp_account, message_id, merchant_id, type, witness, received_at, state, try_at)
        values ${join(tuples, ', ')} on conflict do nothing returning 1`);
      return rows.length;
    },
    claimDue: async (now, limit) => {
      const at = toTimestamp(now);
      const rows = await database.rows(sql`update deliveries as d
        set tries = d.tries + 1, try_at = ${at}::timestamptz + least(interval '1 hour', interval '5 seconds' * (2 ^ d.tries))
        from (
          select psp, psp_account, message_id from deliveries
          where state = 'received' and try_at <= ${at}::timestamptz
          order by try_at limit ${limit} for update skip locked
        ) as due
        where d.psp = due.psp and d.psp_account = due.psp_account and d.message_id = due.message_id
        returning ${columns}`);
      return rows.map(fromDeliveryRow);
    },
    close: async ({ psp, account, messageId }, state, note) => {
      await database.rows(sql`update deliveries set state = ${state}, try_at = null, note = ${note}
        where psp = ${psp} and psp_account = ${account} and message_id = ${messageId}`);
    },
    list: async (merchantId, limit) => {
      const rows = await database.rows(sql`select ${columns} from deliveries as d
        where d.merchant_id = ${merchantId} order by d.received_at desc limit ${limit}`);
      return rows.map(fromDeliveryRow);
    },
  };
}

/** JSON has no bigint: minor units travel as text with a mark. */
function bigintToText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${mark}${value}` : value;
}

function textToBigint(_key: string, value: unknown): unknown {
  return typeof value === 'string' && value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value;
}

const mark = 'minor:';
