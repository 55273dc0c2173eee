import { unreachable } from '../kernel/unreachable.ts';
import { batched } from './batch.ts';
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
import { disputes, labels, toDisputeRow, toLabelRow } from './rows/dispute-row.ts';
import { movements, toMovementRow } from './rows/movement-row.ts';
import { closeDelivery } from './deliveries.ts';
import { moved, openedRow, replied, repliedRow, requests } from './requests.ts';
import { type Part, gated, shapeOf } from './statement.ts';
import type { Change, Saved } from './store.ts';
import { insertGate, insertThrough, pick, updateGate, updateThrough } from './table.ts';

/** Statements of more changes are rare, and each size is a plan in every connection. */
const changesMax = 16;

/**
 * Makes the function that saves changes. A change is parts of one statement: the first moves the checkout's version, and
 * every other reads from it, so that if somebody else moved it first nothing at all is written.
 *
 * One statement is one round trip and one commit, and needs no transaction held open while this process thinks. Changes
 * of equal shape that come together share it; each still comes through or not by itself.
 */
export function purchaseSaver(database: Database): (change: Change) => Promise<Saved> {
  const save = batched<Ask, Saved | StoreFault>(changesMax, (asks) => saveTogether(database, asks));
  return async (change) => {
    const parts = [gate(change), ...saleParts(change), ...factParts(change), ...requestParts(change)];
    const saved = await save(shapeOf(parts), { k: change.after.checkout.id, parts });
    if (saved instanceof StoreFault) throw saved;
    return saved;
  };
}

type Ask = { readonly k: string; readonly parts: readonly Part[] };

async function saveTogether(database: Database, asks: readonly Ask[]): Promise<(Saved | StoreFault)[]> {
  // Two changes of one purchase cannot share a statement; the second has been outrun by the first.
  const [first, ...others] = asks;
  if (first === undefined) return [];
  if (others.length > 0 && new Set(asks.map(({ k }) => k)).size < asks.length)
    return oneByOne(database, asks);
  try {
    // In the order of their keys, so that two statements never wait for each other's rows.
    const ordered = asks.toSorted((a, b) => (a.k < b.k ? -1 : 1));
    const rows = await database.run(gated(ordered.map(({ parts }) => parts)));
    const through = new Set(rows.map((row) => (row as { k: string }).k));
    return asks.map(({ k }) => (through.has(k) ? 'saved' : 'outrun'));
  } catch (fault) {
    if (!(fault instanceof StoreFault) || !fault.nothingWritten) throw fault;
    if (others.length > 0) return oneByOne(database, asks);
    if (fault.constraint === 'request_key_is_unique') return ['request_taken'];
    // Two writers that began from the same version and both insert: the index, not the version, saw it first.
    if (fault.constraint === 'one_authorization_per_payment' || fault.code === deadlock) return ['outrun'];
    throw fault;
  }
}

/** One of them was refused, and with it all of them: each alone, the others are saved, and only that one has a fault. */
async function oneByOne(database: Database, asks: readonly Ask[]): Promise<(Saved | StoreFault)[]> {
  const ended: (Saved | StoreFault)[] = [];
  for (const ask of asks) {
    const alone = saveTogether(database, [ask]).catch((fault: unknown) => {
      if (fault instanceof StoreFault) return [fault];
      throw fault;
    });
    ended.push(...(await alone));
  }
  return ended;
}

const deadlock = '40P01';

function gate({ before, after }: Change): Part {
  const row = toCheckoutRow(after.checkout);
  if (before === null) return insertGate(checkouts, row, 'id');
  const { merchantId, id, version, total, buyer, metadata } = before.checkout;
  const edited =
    total !== after.checkout.total || buyer !== after.checkout.buyer || metadata !== after.checkout.metadata;
  const set = edited ? row : pick(row, 'version', 'state', 'assessment_id');
  return updateGate(checkouts, 'id', { merchant_id: merchantId, id, version }, set);
}

/** Rows of the purchase that are new or no longer the same value. */
function saleParts({ before, after, askAt }: Change): Part[] {
  const { checkout, sale } = after;
  if (sale === undefined) return [];
  const old = before?.sale;
  const key = { merchant_id: checkout.merchantId, checkout_id: checkout.id };
  const parts: Part[] = [];

  const order = toOrderRow(checkout, sale.order);
  if (old === undefined) parts.push(insertThrough(checkout.id, orders, [order]));
  else if (old.order !== sale.order) {
    parts.push(
      updateThrough(checkout.id, orders, key, pick(order, 'state', 'amount', 'event_count', 'changed_at')),
    );
  }

  const payment = toPaymentRow(checkout, sale.payment);
  if (old === undefined) parts.push(insertThrough(checkout.id, payments, [payment]));
  else if (old.payment !== sale.payment) {
    const set = pick(payment, 'state', 'authorized', 'captured', 'refunded', 'capture_at', 'changed_at');
    parts.push(updateThrough(checkout.id, payments, key, set));
  }

  for (const { row, isNew } of changed(old?.attempts, sale.attempts, (each) =>
    toAttemptRow(checkout, each, askAt),
  )) {
    parts.push(
      isNew
        ? insertThrough(checkout.id, attempts, [row])
        : updateThrough(
            checkout.id,
            attempts,
            pick(row, 'merchant_id', 'checkout_id', 'id'),
            pick(row, 'state', 'psp_reference', 'detail', 'ask_at', 'asked', 'changed_at'),
          ),
    );
  }
  for (const { row, isNew } of changed(old?.movements, sale.movements, (each) =>
    toMovementRow(checkout, each, askAt),
  )) {
    parts.push(
      isNew
        ? insertThrough(checkout.id, movements, [row])
        : updateThrough(
            checkout.id,
            movements,
            pick(row, 'merchant_id', 'checkout_id', 'id'),
            pick(row, ...outcomeColumns),
          ),
    );
  }
  return parts;
}

/** What an outcome changes of a movement, a person's word on a quarantined one included. */
const outcomeColumns = [
  ...(['state', 'psp_reference', 'cause', 'reversed', 'ask_at', 'asked', 'changed_at'] as const),
  ...(['amount', 'currency', 'stray', 'said_amount', 'said_currency'] as const),
] as const;

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
            checkout.id,
            journal,
            said.journal.map((each) => toJournalRow(checkout, each)),
          ),
        ]),
    ...(said.postings.length === 0
      ? []
      : [
          insertThrough(
            checkout.id,
            postings,
            said.postings.map((each) => toPostingRow(checkout, each, at)),
          ),
        ]),
    ...(said.events.length === 0 ? [] : [insertThrough(checkout.id, events, said.events.map(toEventRow))]),
    ...(said.assessment === undefined
      ? []
      : [insertThrough(checkout.id, assessments, [toAssessmentRow(said.assessment, checkout.id)])]),
    ...(said.labels.length === 0
      ? []
      : [insertThrough(checkout.id, labels, said.labels.map(toLabelRow), 'on conflict do nothing')]),
    ...(said.dispute === undefined ? [] : [disputePart(checkout, said.dispute)]),
  ];
}

function disputePart(checkout: Change['after']['checkout'], said: NonNullable<Change['dispute']>): Part {
  const row = toDisputeRow(checkout, said.dispute);
  if (said.isNew) return insertThrough(checkout.id, disputes, [row]);
  const key = pick(row, 'merchant_id', 'checkout_id', 'id');
  const set = pick(row, 'state', 'inquiry', 'amount', 'reason', 'fraud', 'evidence_due_at', 'changed_at');
  return updateThrough(checkout.id, disputes, key, set);
}

function requestParts({ request, delivery, after: { checkout } }: Change): Part[] {
  const parts: Part[] = [];
  if (request !== undefined) {
    if ('open' in request)
      parts.push(insertThrough(checkout.id, requests, [openedRow(request, checkout.id)]));
    else if ('replied' in request)
      parts.push(insertThrough(checkout.id, requests, [repliedRow(request.replied, checkout.id)]));
    else if ('moved' in request) parts.push(moved(checkout.id, request));
    else if ('reply' in request) parts.push(replied(checkout.id, request.name, request.reply));
    else unreachable(request);
  }
  if (delivery !== undefined) parts.push(closeDelivery(checkout.id, delivery));
  return parts;
}
