import { z } from 'zod';
import type { Witness } from '../domain/payment/witness.ts';
import { batched } from './batch.ts';
import type { Database } from './database.ts';
import { id, instant, toTimestamp } from './rows/columns.ts';
import { raw, sql } from './sql.ts';
import { type Part, valuesOf, writtenOnce } from './statement.ts';
import type { Delivery, DeliveryName, NewDelivery, Store } from './store.ts';
import { table, updateThrough } from './table.ts';

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

const deliveries = table('deliveries', {
  psp: 'text',
  psp_account: 'text',
  message_id: 'text',
  state: 'text',
  try_at: 'timestamptz',
  note: 'text',
});

/** Marks a delivery as processed inside the change that it caused. */
export function closeDelivery(k: string, { psp, account, messageId }: DeliveryName): Part {
  return updateThrough(
    k,
    deliveries,
    { psp, psp_account: account, message_id: messageId },
    { state: 'processed', try_at: null, note: 'changed the payment' },
  );
}

export function deliveryQueries(database: Database): Store['deliveries'] {
  const receive = batched(deliveriesMax, (received: readonly NewDelivery[]) =>
    receiveTogether(database, received),
  );
  const close = batched(deliveriesMax, (closings: readonly Closing[]) => closeTogether(database, closings));
  return {
    receive: async (received) => {
      const stored = await Promise.all(received.map((each) => receive('', each)));
      return stored.filter(Boolean).length;
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
    close: (name, state, note) => close('', { name, state, note }),
    list: async (merchantId, state, limit) => {
      const rows = await database.rows(sql`select ${columns} from deliveries as d
        where d.merchant_id = ${merchantId} and (${state}::text is null or d.state = ${state}::text)
        order by d.received_at desc limit ${limit}`);
      return rows.map(fromDeliveryRow);
    },
    retry: async (merchantId, { psp, account, messageId }, now) => {
      const [row] =
        await database.rows(sql`update deliveries as d set state = 'received', tries = 0, note = null,
          try_at = ${toTimestamp(now)}::timestamptz
        where d.psp = ${psp} and d.psp_account = ${account} and d.message_id = ${messageId}
          and d.merchant_id = ${merchantId} and d.state = 'set_aside'
        returning ${columns}`);
      return row === undefined ? null : fromDeliveryRow(row);
    },
  };
}

/** As for changes (save-purchase.ts): a statement of each size is planned in every connection. */
const deliveriesMax = 16;

const receivedTypes = ['text', 'text', 'text', 'text', 'text', 'jsonb', 'timestamptz'];

/** Answers which of them were new. The same message twice in one batch is stored once. */
async function receiveTogether(database: Database, received: readonly NewDelivery[]): Promise<boolean[]> {
  const statement = writtenOnce(
    `receive ${received.length}`,
    () => `insert into deliveries
        (psp, psp_account, message_id, merchant_id, type, witness, received_at, state, try_at)
      select new.*, 'received', new.received_at
      from ${valuesOf(receivedTypes, received.length, 1)}
        as new (psp, psp_account, message_id, merchant_id, type, witness, received_at)
      on conflict do nothing returning psp, psp_account, message_id`,
  );
  const values = received.flatMap(({ psp, account, merchantId, witness, receivedAt }) => [
    psp,
    account,
    witness.messageId,
    merchantId,
    witness.type,
    JSON.stringify(witness, bigintToText),
    toTimestamp(receivedAt),
  ]);
  const rows = await database.run({ ...statement, values });
  const stored = new Set(rows.map((row) => Object.values(row as object).join(' ')));
  return received.map(({ psp, account, witness }) => stored.has(`${psp} ${account} ${witness.messageId}`));
}

type Closing = {
  readonly name: DeliveryName;
  readonly state: 'processed' | 'set_aside';
  readonly note: string;
};

const closingTypes = ['text', 'text', 'text', 'text', 'text'];

async function closeTogether(database: Database, closings: readonly Closing[]): Promise<undefined[]> {
  const statement = writtenOnce(
    `close ${closings.length}`,
    () => `update deliveries as d set state = new.state, try_at = null, note = new.note
      from ${valuesOf(closingTypes, closings.length, 1)} as new (psp, psp_account, message_id, state, note)
      where d.psp = new.psp and d.psp_account = new.psp_account and d.message_id = new.message_id`,
  );
  const values = closings.flatMap(({ name, state, note }) => [
    name.psp,
    name.account,
    name.messageId,
    state,
    note,
  ]);
  await database.run({ ...statement, values });
  return closings.map(() => undefined);
}

/** JSON has no bigint: minor units travel as text with a mark. */
function bigintToText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${mark}${value}` : value;
}

function textToBigint(_key: string, value: unknown): unknown {
  return typeof value === 'string' && value.startsWith(mark) ? BigInt(value.slice(mark.length)) : value;
}

const mark = 'minor:';
