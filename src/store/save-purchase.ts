import { unreachable } from '../kernel/unreachable.ts';
import type { Database } from './database.ts';
import { StoreFault } from './fault.ts';
import { attempts, toAttemptRow } from './rows/attempt-row.ts';
import { checkouts, orders, payments, toCheckoutRow, toOrderRow, toPaymentRow } from './rows/checkout-row.ts';
import {
  assessments,
  events,
  journal,
  postings,
  toAssessmentRow,
  toEventRow,
  toJournalRow,
  toPostingRow,
} from './rows/fact-rows.ts';
import { movements, toMovementRow } from './rows/movement-row.ts';
import { closeDelivery } from './deliveries.ts';
import { openedRow, replied, repliedRow, requests } from './requests.ts';
import { type Sql, join, raw, sql } from './sql.ts';
import type { Change, Saved } from './store.ts';
import { assignments, insertThrough, pick, updateThrough, where } from './table.ts';

/**
 * Saves a change in one statement. The first part moves the checkout's version, and every other part reads from it: if
 * somebody else moved it first, nothing at all is written.
 *
 * One statement is one round trip and one commit, and needs no transaction held open while this process thinks.
 */
export async function savePurchase(database: Database, change: Change): Promise<Saved> {
  const parts = [gate(change), ...saleParts(change), ...factParts(change), ...requestParts(change)];
  const ctes = parts.map((part, index) => sql`${raw(index === 0 ? 'gate' : `part_${index}`)} as (${part})`);
  try {
    const rows = await database.rows(sql`with ${join(ctes, ',\n')} select 1 from gate`);
    return rows.length === 1 ? 'saved' : 'outrun';
  } catch (fault) {
    if (!(fault instanceof StoreFault)) throw fault;
    if (fault.constraint === 'request_key_is_unique') return 'request_taken';
    // Two writers that began from the same version and both insert: the index, not the version, saw it first.
    if (fault.constraint === 'one_authorization_per_payment' || fault.code === deadlock) return 'outrun';
    throw fault;
  }
}

const deadlock = '40P01';

function gate({ before, after }: Change): Sql {
  const row = toCheckoutRow(after.checkout);
  if (before === null) {
    const columns = Object.keys(row) as (keyof typeof row)[];
    const values = columns.map((column) => sql`${row[column]}::${raw(checkouts.types[column])}`);
    return sql`insert into checkouts (${raw(columns.join(', '))}) values (${join(values, ', ')}) returning id`;
  }
  const edited =
    before.checkout.total !== after.checkout.total || before.checkout.buyer !== after.checkout.buyer;
  const set =
    edited || before.checkout.metadata !== after.checkout.metadata
      ? row
      : pick(row, 'version', 'state', 'assessment_id');
  const { merchantId, id, version } = before.checkout;
  return sql`update checkouts set ${assignments(checkouts, set)} where ${where(checkouts, { merchant_id: merchantId, id, version })} returning id`;
}

/** Rows of the purchase that are new or no longer the same value. */
function saleParts({ before, after, askAt }: Change): Sql[] {
  const { checkout, sale } = after;
  if (sale === undefined) return [];
  const old = before?.sale;
  const key = { merchant_id: checkout.merchantId, checkout_id: checkout.id };
  const parts: Sql[] = [];

  const order = toOrderRow(checkout, sale.order);
  if (old === undefined) parts.push(insertThrough('gate', orders, [order]));
  else if (old.order !== sale.order) {
    parts.push(
      updateThrough('gate', orders, key, pick(order, 'state', 'amount', 'event_count', 'changed_at')),
    );
  }

  const payment = toPaymentRow(checkout, sale.payment);
  if (old === undefined) parts.push(insertThrough('gate', payments, [payment]));
  else if (old.payment !== sale.payment) {
    const set = pick(payment, 'state', 'authorized', 'captured', 'refunded', 'changed_at');
    parts.push(updateThrough('gate', payments, key, set));
  }

  for (const { row, isNew } of changed(old?.attempts, sale.attempts, (each) =>
    toAttemptRow(checkout, each, askAt),
  )) {
    parts.push(
      isNew
        ? insertThrough('gate', attempts, [row])
        : updateThrough(
            'gate',
            attempts,
            pick(row, 'merchant_id', 'id'),
            pick(row, 'state', 'psp_reference', 'detail', 'ask_at', 'changed_at'),
          ),
    );
  }
  for (const { row, isNew } of changed(old?.movements, sale.movements, (each) =>
    toMovementRow(checkout, each, askAt),
  )) {
    parts.push(
      isNew
        ? insertThrough('gate', movements, [row])
        : updateThrough(
            'gate',
            movements,
            pick(row, 'merchant_id', 'id'),
            pick(row, 'state', 'psp_reference', 'cause', 'ask_at', 'changed_at'),
          ),
    );
  }
  return parts;
}

/** Domain values are never changed in place, so an unchanged row is the very same object. */
function changed<T extends { id: string }, R>(
  old: readonly T[] | undefined,
  now: readonly T[],
  toRow: (each: T) => R,
) {
  const before = new Map(old?.map((each) => [each.id, each]));
  return now
    .filter((each) => before.get(each.id) !== each)
    .map((each) => ({ row: toRow(each), isNew: !before.has(each.id) }));
}

function factParts({ after: { checkout }, at, ...said }: Change): Sql[] {
  return [
    ...(said.journal.length === 0
      ? []
      : [
          insertThrough(
            'gate',
            journal,
            said.journal.map((each) => toJournalRow(checkout, each)),
          ),
        ]),
    ...(said.postings.length === 0
      ? []
      : [
          insertThrough(
            'gate',
            postings,
            said.postings.map((each) => toPostingRow(checkout, each, at)),
          ),
        ]),
    ...(said.events.length === 0 ? [] : [insertThrough('gate', events, said.events.map(toEventRow))]),
    ...(said.assessment === undefined
      ? []
      : [insertThrough('gate', assessments, [toAssessmentRow(said.assessment, checkout.id)])]),
  ];
}

function requestParts({ request, delivery, after }: Change): Sql[] {
  const parts: Sql[] = [];
  if (request !== undefined) {
    if ('open' in request)
      parts.push(insertThrough('gate', requests, [openedRow(request, after.checkout.id)]));
    else if ('replied' in request)
      parts.push(insertThrough('gate', requests, [repliedRow(request.replied, after.checkout.id)]));
    else if ('reply' in request) parts.push(replied('gate', request.name, request.reply));
    else unreachable(request);
  }
  if (delivery !== undefined) parts.push(closeDelivery('gate', delivery));
  return parts;
}
