import type { Books } from '../account.ts';
import { closeDispute } from '../disputes.ts';
import { missing } from '../api-error.ts';
import type { Charge } from '../objects/charge.ts';
import type { Dispute } from '../objects/dispute.ts';
import type { Refund } from '../objects/refund.ts';
import { anything, fields, flag, list, mergeMetadata, metadata, text } from '../params.ts';
import { dated, listOf, pageOf, type Page } from './lists.ts';
import { route, type Routes } from './route.ts';

type OfPayment = { readonly charge?: string | undefined; readonly payment_intent?: string | undefined };
const ofPayment = fields({ ...dated, charge: text, payment_intent: text });

function concerns(
  each: { readonly charge: string; readonly payment_intent: string },
  page: Page & OfPayment,
) {
  return (
    (page.charge === undefined || each.charge === page.charge) &&
    (page.payment_intent === undefined || each.payment_intent === page.payment_intent)
  );
}

/** What is mostly read: the traces that payments leave. */
export const readingRoutes: Routes = {
  'GET charges': route(
    fields({ ...dated, customer: text, payment_intent: text, transfer_group: text }),
    (books, page) =>
      listOf(
        books,
        'charge',
        '/v1/charges',
        page,
        (each) =>
          (page.customer === undefined || each.customer === page.customer) &&
          (page.payment_intent === undefined || each.payment_intent === page.payment_intent),
      ),
  ),
  'GET charges/:id': route(fields({}), (books, _, id) => books.find('charge', id)),

  'GET disputes': route(ofPayment, (books, page) =>
    listOf(books, 'dispute', '/v1/disputes', page, (each) => concerns(each, page)),
  ),
  'GET disputes/:id': route(fields({}), (books, _, id) => books.find('dispute', id)),
  'POST disputes/:id': route(fields({ evidence: anything, metadata, submit: flag }), submitEvidence),
  'POST disputes/:id/close': route(fields({}), (books, _, id) =>
    closeDispute(books, books.find('dispute', id), 'lost'),
  ),

  'GET radar/early_fraud_warnings': route(ofPayment, (books, page) =>
    listOf(books, 'radar.early_fraud_warning', '/v1/radar/early_fraud_warnings', page, (each) =>
      concerns(each, page),
    ),
  ),
  'GET radar/early_fraud_warnings/:id': route(fields({}), (books, _, id) =>
    books.find('radar.early_fraud_warning', id),
  ),

  'GET events': route(
    fields({ ...dated, type: text, types: list(text), delivery_success: flag }),
    (books, page) => {
      const { events } = books.account;
      const wanted = page.types ?? (page.type === undefined ? undefined : [page.type]);
      return pageOf(
        events.length,
        (at) => {
          const event = events[at];
          return event !== undefined && (wanted === undefined || wanted.includes(event.type))
            ? event
            : undefined;
        },
        (id) => events.findLastIndex((event) => event.id === id),
        '/v1/events',
        page,
      );
    },
  ),
  'GET events/:id': route(fields({}), (books, _, id) => {
    const event = books.account.events.findLast((each) => each.id === id);
    if (event === undefined) throw missing('event', id);
    return event;
  }),

  'GET balance_transactions/:id': route(fields({}), (books, _, id) => {
    const { charge, refund } = books.account.tables;
    for (const each of [...charge.values(), ...refund.values()])
      if (each.balance_transaction === id) return balanceTransaction(each);
    throw missing('balance transaction', id);
  }),
};

/** What a captured charge or a refund did to the merchant's balance. The stand-in takes no fee. */
export function balanceTransaction(source: Charge | Refund): unknown {
  const amount = source.object === 'charge' ? source.amount_captured : -source.amount;
  return {
    id: source.balance_transaction,
    object: 'balance_transaction',
    amount,
    available_on: source.created,
    balance_type: 'payments',
    created: source.created,
    currency: source.currency,
    description: null,
    exchange_rate: null,
    fee: 0,
    fee_details: [],
    net: amount,
    reporting_category: source.object,
    source: source.id,
    status: 'available',
    type: source.object,
  };
}

function submitEvidence(
  books: Books,
  input: {
    readonly evidence?: unknown;
    readonly metadata?: Readonly<Record<string, string>> | null | undefined;
    readonly submit?: boolean | undefined;
  },
  id: string,
): Dispute {
  const dispute = books.find('dispute', id);
  const open = dispute.status === 'needs_response' || dispute.status === 'warning_needs_response';
  const submitted = open && input.evidence !== undefined && input.submit !== false;
  const details = dispute.evidence_details;
  const next = books.put<Dispute>({
    ...dispute,
    evidence: { ...dispute.evidence, ...(typeof input.evidence === 'object' ? input.evidence : {}) },
    evidence_details: {
      ...details,
      has_evidence: details.has_evidence || input.evidence !== undefined,
      submission_count: details.submission_count + (submitted ? 1 : 0),
      submission_method: submitted ? 'manual' : details.submission_method,
    },
    metadata: mergeMetadata(dispute.metadata, input.metadata),
    status: !submitted
      ? dispute.status
      : dispute.status === 'needs_response'
        ? 'under_review'
        : 'warning_under_review',
  });
  books.emit('charge.dispute.updated', next);
  return next;
}
