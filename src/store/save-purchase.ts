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
import { moved, openedRow, replied, repliedRow, requests } from './requests.ts';
import { type Part, gated } from './statement.ts';
import type { Change, Saved } from './store.ts';
import { insertGate, insertThrough, pick, updateGate, updateThrough } from './table.ts';

/**
 * Saves a change in one statement. The first part moves the checkout's version, and every other part reads from it: if
 * somebody else moved it first, nothing at all is written.
 *
 * One statement is one round trip and one commit, and needs no transaction held open while this process thinks.
 */
export async function savePurchase(database: Database, change: Change): Promise<Saved> {
  const parts = [gate(change), ...saleParts(change), ...factParts(change), ...requestParts(change)];
  try {
    const rows = await database.run(gated(parts));
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

function gate({ before, after }: Change): Part {
  const row = toCheckoutRow(after.checkout);
  if (before === null) return insertGate(checkouts, row);
  const { merchantId, id, version, total, buyer, metadata } = before.checkout;
  const edited =
    total !== after.checkout.total || buyer !== after.checkout.buyer || metadata !== after.checkout.metadata;
  const set = edited ? row : pick(row, 'version', 'state', 'assessment_id');
  return updateGate(checkouts, { merchant_id: merchantId, id, version }, set);
}

/** Rows of the purchase that are new or no longer the same value. */
function saleParts({ before, after, askAt }: Change): Part[] {
  const { checkout, sale } = after;
  if (sale === undefined) return [];
  const old = before?.sale;
  const key = { merchant_id: checkout.merchantId, checkout_id: checkout.id };
  const parts: Part[] = [];

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
            pick(row, 'merchant_id', 'checkout_id', 'id'),
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
            pick(row, 'merchant_id', 'checkout_id', 'id'),
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

function factParts({ after: { checkout }, at, ...said }: Change): Part[] {
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

function requestParts({ request, delivery, after }: Change): Part[] {
  const parts: Part[] = [];
  if (request !== undefined) {
    if ('open' in request)
      parts.push(insertThrough('gate', requests, [openedRow(request, after.checkout.id)]));
    else if ('replied' in request)
      parts.push(insertThrough('gate', requests, [repliedRow(request.replied, after.checkout.id)]));
    else if ('moved' in request) parts.push(moved('gate', request));
    else if ('reply' in request) parts.push(replied('gate', request.name, request.reply));
    else unreachable(request);
  }
  if (delivery !== undefined) parts.push(closeDelivery('gate', delivery));
  return parts;
}
