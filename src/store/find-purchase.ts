import { z } from 'zod';
import type { Checkout } from '../domain/checkout/checkout.ts';
import type { AttemptRef, PspAccountRef } from '../domain/payment/witness.ts';
import type { Purchase } from '../domain/purchase/purchase.ts';
import type { RequestName, StoredRequest } from '../domain/request.ts';
import type { CheckoutId } from '../kernel/ids.ts';
import { batched } from './batch.ts';
import type { Database } from './database.ts';
import { fromRequestRow, requestColumns } from './requests.ts';
import { attemptJson, fromAttemptRow } from './rows/attempt-row.ts';
import { fromCheckoutRow, fromSaleRow, saleColumns } from './rows/checkout-row.ts';
import { fromJournalRow } from './rows/fact-rows.ts';
import { fromMovementRow, movementJson } from './rows/movement-row.ts';
import { type Sql, raw, sql } from './sql.ts';
import { purchaseSaver } from './save-purchase.ts';
import { valuesOf, writtenOnce } from './statement.ts';
import type { Store } from './store.ts';

/** A purchase in one row: checkout, order and payment as columns, attempts and movements as JSON. */
const purchaseText = `c.*, ${saleColumns},
  (select json_agg(${attemptJson} order by a.position nulls first, a.id) from attempts as a
    where a.merchant_id = c.merchant_id and a.checkout_id = c.id) as attempts,
  (select json_agg(${movementJson} order by m.id) from movements as m
    where m.merchant_id = c.merchant_id and m.checkout_id = c.id) as movements`;
const purchase = raw(purchaseText);

const itsSaleText = `left join orders as o on o.merchant_id = c.merchant_id and o.checkout_id = c.id
  left join payments as p on p.merchant_id = c.merchant_id and p.checkout_id = c.id`;
const itsSale = raw(itsSaleText);

const list = z.array(z.unknown()).nullable();
const parts = z.object({ order_state: z.string().nullable(), attempts: list, movements: list });

function fromPurchaseRow(row: unknown): Purchase {
  const checkout = fromCheckoutRow(row);
  const read = parts.parse(row);
  if (read.order_state === null) return { checkout };
  return { checkout, sale: { ...fromSaleRow(checkout, row), ...below(checkout, read) } };
}

function below(checkout: Checkout, read: z.infer<typeof parts>) {
  return {
    attempts: (read.attempts ?? []).map((each) => fromAttemptRow(checkout, each)),
    movements: (read.movements ?? []).map((each) => fromMovementRow(checkout, each)),
  };
}

type RequestAsk = { readonly request: RequestName; readonly checkoutId: CheckoutId };
type RequestFound = { readonly purchase: Purchase | null; readonly request: StoredRequest | null };

/** As for changes (save-purchase.ts): a statement of each size is planned in every connection. */
const asksMax = 16;

const asked = ['integer', 'text', 'text', 'text'];
const identified = z.object({ n: z.number(), id: z.string().nullable(), body_digest: z.string().nullable() });

/** What every request that moves money asks first, for all that ask at the same time. */
async function findTogether(
  database: Database,
  asks: readonly RequestAsk[],
): Promise<readonly RequestFound[]> {
  const statement = writtenOnce(
    `requests and purchases of ${asks.length}`,
    () => `select asked.n, ${purchaseText}, ${requestColumns}
      from ${valuesOf(asked, asks.length, 1)} as asked (n, merchant_id, scope, checkout_id)
      left join requests as r on r.merchant_id = asked.merchant_id and r.scope = asked.scope
      left join checkouts as c on c.merchant_id = asked.merchant_id and c.id = asked.checkout_id ${itsSaleText}`,
  );
  const values = asks.flatMap(({ request, checkoutId }, n) => [
    n,
    request.merchantId,
    request.scope,
    checkoutId,
  ]);
  const found: RequestFound[] = [];
  for (const row of await database.run({ ...statement, values })) {
    const { n, id, body_digest } = identified.parse(row);
    found[n] = {
      purchase: id === null ? null : fromPurchaseRow(row),
      request: body_digest === null ? null : fromRequestRow(row),
    };
  }
  return found;
}

export function purchaseQueries(database: Database): Store['purchases'] {
  const findOne = async (statement: Sql): Promise<Purchase | null> => {
    const [row] = await database.rows(statement);
    return row === undefined ? null : fromPurchaseRow(row);
  };
  const findByAttempt = (account: PspAccountRef, ref: AttemptRef): Promise<Purchase | null> =>
    findOne(sql`select ${purchase} from checkouts as c ${itsSale}
      where (c.merchant_id, c.id) = (select a.merchant_id, a.checkout_id from attempts as a where ${isAttempt(account, ref)} limit 1)`);

  const findForRequest = batched<RequestAsk, RequestFound>(asksMax, (asks) => findTogether(database, asks));

  return {
    find: (merchantId, checkoutId) =>
      findOne(
        sql`select ${purchase} from checkouts as c ${itsSale} where c.merchant_id = ${merchantId} and c.id = ${checkoutId}`,
      ),
    findForRequest: (request, checkoutId) => findForRequest('', { request, checkoutId }),
    findByAttempt,
    findByMovement: async (account, ref) => {
      if (ref.movementId === undefined && ref.pspReference === undefined)
        return findByAttempt(account, ref.attempt);
      const movement =
        ref.movementId === undefined
          ? sql`m.psp_reference = ${ref.pspReference}`
          : sql`m.id = ${ref.movementId}`;
      const found = await findOne(sql`select ${purchase} from checkouts as c ${itsSale}
        where (c.merchant_id, c.id) = (
          select m.merchant_id, m.checkout_id from movements as m
          join attempts as a on a.id = m.attempt_id
          where ${movement} and a.psp = ${account.psp} and a.psp_account = ${account.account} limit 1)`);
      return found ?? findByAttempt(account, ref.attempt);
    },
    save: purchaseSaver(database),
    journal: async (merchantId, checkoutId) => {
      const rows = await database.rows(sql`select subject, at, from_state, to_state, because from journal
        where merchant_id = ${merchantId} and checkout_id = ${checkoutId} order by position`);
      return rows.map(fromJournalRow);
    },
    listHeld: async (merchantId, limit) => {
      const rows = await database.rows(sql`select ${purchase} from checkouts as c ${itsSale}
        where o.merchant_id = ${merchantId} and o.state = 'held' order by o.changed_at limit ${limit}`);
      return rows.map(fromPurchaseRow);
    },
  };
}

/** Only an attempt at this very account: another merchant's PSP cannot speak about it. */
function isAttempt({ psp, account }: PspAccountRef, ref: AttemptRef): Sql {
  const which =
    ref.attemptId === undefined
      ? sql`a.psp_reference = ${ref.pspReference ?? null}`
      : sql`a.id = ${ref.attemptId}`;
  return sql`a.psp = ${psp} and a.psp_account = ${account} and ${which}`;
}

export { fromPurchaseRow, itsSale, purchase as purchaseColumns };
