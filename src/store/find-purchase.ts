import { z } from 'zod';
import type { Checkout } from '../domain/checkout/checkout.ts';
import type { AttemptRef, MovementRef, PspAccountRef } from '../domain/payment/witness.ts';
import type { Purchase } from '../domain/purchase/purchase.ts';
import type { RequestName, StoredRequest } from '../domain/request.ts';
import type { CheckoutId } from '../kernel/ids.ts';
import { batched } from './batch.ts';
import type { Database } from './database.ts';
import { fromRequestRow, requestColumns } from './requests.ts';
import { attemptJson, fromAttemptRow } from './rows/attempt-row.ts';
import { checkoutColumns, fromCheckoutRow, fromSaleRow, saleColumns } from './rows/checkout-row.ts';
import { fromJournalRow } from './rows/fact-rows.ts';
import { fromMovementRow, movementJson } from './rows/movement-row.ts';
import { type Sql, raw, sql } from './sql.ts';
import { purchaseSaver } from './save-purchase.ts';
import { valuesOf, writtenOnce } from './statement.ts';
import type { Store } from './store.ts';

/** A purchase in one row: checkout, order and payment as columns, attempts and movements as JSON. */
const purchaseText = `${checkoutColumns}, ${saleColumns},
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

type ReferenceAsk = { readonly account: PspAccountRef; readonly ref: AttemptRef | MovementRef };

const referenced = ['integer', 'text', 'text', 'text', 'text', 'text', 'text'];
const counted = z.object({ n: z.number() });

/**
 * What a PSP names in its messages: by its own reference only where our id is not given, by the attempt where the
 * movement is not known. Only attempts at this very account: another merchant's PSP cannot speak about them.
 */
async function findReferencedTogether(
  database: Database,
  asks: readonly ReferenceAsk[],
): Promise<readonly (Purchase | null)[]> {
  const statement = writtenOnce(
    `purchases of ${asks.length} references`,
    () => `select asked.n, ${purchaseText}
      from ${valuesOf(referenced, asks.length, 1)}
        as asked (n, psp, account, movement_id, movement_reference, attempt_id, attempt_reference)
      cross join lateral (
        ${[
          'movements as m join attempts as a on a.id = m.attempt_id where m.id = asked.movement_id',
          'movements as m join attempts as a on a.id = m.attempt_id where m.psp_reference = asked.movement_reference',
          'attempts as a where a.id = asked.attempt_id',
          'attempts as a where a.psp_reference = asked.attempt_reference',
        ]
          .map(
            (way, nth) =>
              `(select ${nth} as nth, a.merchant_id, a.checkout_id from ${way} and a.psp = asked.psp and a.psp_account = asked.account limit 1)`,
          )
          .join(' union all ')} order by nth limit 1
      ) as meant
      join checkouts as c on c.merchant_id = meant.merchant_id and c.id = meant.checkout_id ${itsSaleText}`,
  );
  const values = asks.flatMap(({ account, ref }, n) => {
    const movement = 'attempt' in ref ? named(ref.movementId, ref.pspReference) : [null, null];
    const attempt = 'attempt' in ref ? ref.attempt : ref;
    return [n, account.psp, account.account, ...movement, ...named(attempt.attemptId, attempt.pspReference)];
  });
  const found = asks.map((): Purchase | null => null);
  for (const row of await database.run({ ...statement, values }))
    found[counted.parse(row).n] = fromPurchaseRow(row);
  return found;
}

function named(id: string | undefined, pspReference: string | undefined): (string | null)[] {
  return id === undefined ? [null, pspReference ?? null] : [id, null];
}

export function purchaseQueries(database: Database): Store['purchases'] {
  const findOne = async (statement: Sql): Promise<Purchase | null> => {
    const [row] = await database.rows(statement);
    return row === undefined ? null : fromPurchaseRow(row);
  };
  const findForRequest = batched<RequestAsk, RequestFound>(asksMax, (asks) => findTogether(database, asks));
  const findByReference = batched<ReferenceAsk, Purchase | null>(asksMax, (asks) =>
    findReferencedTogether(database, asks),
  );

  return {
    find: (merchantId, checkoutId) =>
      findOne(
        sql`select ${purchase} from checkouts as c ${itsSale} where c.merchant_id = ${merchantId} and c.id = ${checkoutId}`,
      ),
    findForRequest: (request, checkoutId) => findForRequest('', { request, checkoutId }),
    findByReference: (account, ref) => findByReference('', { account, ref }),
    save: purchaseSaver(database),
    journal: async (merchantId, checkoutId) => {
      const rows = await database.rows(sql`select subject, at, from_state, to_state, because from journal
        where merchant_id = ${merchantId} and checkout_id = ${checkoutId} order by position`);
      return rows.map(fromJournalRow);
    },
    listQuarantined: async (merchantId, limit) => {
      const rows = await database.rows(sql`select ${purchase} from checkouts as c ${itsSale}
        where p.merchant_id = ${merchantId} and p.state = 'quarantined' order by p.changed_at limit ${limit}`);
      return rows.map(fromPurchaseRow);
    },
    listHeld: async (merchantId, limit) => {
      const rows = await database.rows(sql`select ${purchase} from checkouts as c ${itsSale}
        where o.merchant_id = ${merchantId} and o.state = 'held' order by o.changed_at limit ${limit}`);
      return rows.map(fromPurchaseRow);
    },
  };
}

export { fromPurchaseRow, itsSale, purchase as purchaseColumns };
