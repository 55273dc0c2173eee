import { z } from 'zod';
import type { Event, EventFact } from '../../domain/events/event.ts';
import type { Posting } from '../../domain/payment/posting.ts';
import type { JournalEntry } from '../../domain/purchase/step.ts';
import type { Assessment } from '../../domain/risk/assessment.ts';
import type { CheckoutId, MerchantId } from '../../kernel/ids.ts';
import type { Money } from '../../kernel/money.ts';
import { type Row, table } from '../table.ts';
import { id, instant, toTimestamp, written } from './columns.ts';

/** Rows that are only ever added: what happened, what was said, what was decided. */

export const journal = table('journal', {
  merchant_id: 'text',
  checkout_id: 'text',
  subject: 'text',
  at: 'timestamptz',
  from_state: 'text',
  to_state: 'text',
  because: 'text',
});

export const postings = table('postings', {
  merchant_id: 'text',
  checkout_id: 'text',
  cause: 'text',
  debit: 'text',
  credit: 'text',
  amount: 'bigint',
  currency: 'text',
  at: 'timestamptz',
});

export const events = table('events', {
  merchant_id: 'text',
  id: 'text',
  aggregatetype: 'text',
  aggregateid: 'text',
  sequence: 'bigint',
  type: 'text',
  at: 'timestamptz',
  payload: 'jsonb',
  traceparent: 'text',
  tracelink: 'text',
});

export const assessments = table('assessments', {
  merchant_id: 'text',
  id: 'text',
  event: 'text',
  at: 'timestamptz',
  decision: 'text',
  score: 'double precision',
  checkout_id: 'text',
  record: 'jsonb',
});

type Whose = { merchantId: MerchantId; id: CheckoutId };

export function toJournalRow(
  { merchantId, id: checkoutId }: Whose,
  entry: JournalEntry,
): Row<keyof typeof journal.types> {
  return {
    merchant_id: merchantId,
    checkout_id: checkoutId,
    subject: entry.subject,
    at: toTimestamp(entry.at),
    from_state: entry.from,
    to_state: entry.to,
    because: entry.because,
  };
}

const journalRow = z.object({
  subject: z.string(),
  at: instant,
  from_state: z.string().nullable(),
  to_state: z.string(),
  because: z.string(),
});

export function fromJournalRow(row: unknown): JournalEntry {
  const { subject, at, from_state, to_state, because } = journalRow.parse(row);
  return { subject, at, from: from_state, to: to_state, because };
}

export function toPostingRow(whose: Whose, posting: Posting, at: number): Row<keyof typeof postings.types> {
  return {
    merchant_id: whose.merchantId,
    checkout_id: whose.id,
    cause: posting.cause,
    debit: posting.debit,
    credit: posting.credit,
    amount: posting.amount.amount,
    currency: posting.amount.currency,
    at: toTimestamp(at),
  };
}

export function toEventRow(event: Event): Row<keyof typeof events.types> {
  return {
    merchant_id: event.merchantId,
    id: event.id,
    aggregatetype: event.aggregate.type,
    aggregateid: event.aggregate.id,
    sequence: event.sequence,
    type: event.type,
    at: toTimestamp(event.at),
    payload: JSON.stringify(event.data, moneyToText),
    traceparent: event.traceparent ?? null,
    tracelink: event.tracelink ?? null,
  };
}

const eventRow = z.object({
  merchant_id: id('mer'),
  id: id('evt'),
  aggregatetype: z.enum(['order', 'assessment', 'webhook_endpoint', 'attack', 'policy']),
  aggregateid: z.string(),
  sequence: z.bigint().transform(Number),
  type: z.string(),
  at: instant,
  payload: written<EventFact['data']>(),
  traceparent: z.string().nullable(),
  tracelink: z.string().nullable(),
});

export function fromEventRow(row: unknown): Event {
  const read = eventRow.parse(row);
  return {
    id: read.id,
    merchantId: read.merchant_id,
    at: read.at,
    aggregate: { type: read.aggregatetype, id: read.aggregateid } as Event['aggregate'],
    sequence: read.sequence,
    ...(read.traceparent === null ? {} : { traceparent: read.traceparent }),
    ...(read.tracelink === null ? {} : { tracelink: read.tracelink }),
    ...({ type: read.type, data: textToMoney(read.payload) } as EventFact),
  };
}

export function toAssessmentRow(
  assessment: Assessment,
  checkoutId: CheckoutId | null,
): Row<keyof typeof assessments.types> {
  return {
    merchant_id: assessment.merchantId,
    id: assessment.id,
    event: assessment.event,
    at: toTimestamp(assessment.at),
    decision: assessment.decision,
    score: assessment.score,
    checkout_id: checkoutId,
    record: JSON.stringify(assessment),
  };
}

export function fromAssessmentRow(row: unknown): Assessment {
  const { record } = z.object({ record: written<Assessment>() }).parse(row);
  // The first assessments were stored without the pseudonyms.
  return { ...record, entities: (record as Partial<Assessment>).entities ?? {} };
}

/** JSON has no bigint; money inside a payload is `{ amount: "1299", currency }`. */
function moneyToText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

function textToMoney<T extends object>(data: T): T {
  const entries = Object.entries(data).map(([key, value]: [string, unknown]): [string, unknown] => [
    key,
    key !== 'metadata' && isMoneyText(value) ? { ...value, amount: BigInt(value.amount) } : value,
  ]);
  return Object.fromEntries(entries) as T;
}

function isMoneyText(value: unknown): value is Omit<Money, 'amount'> & { amount: string } {
  return typeof value === 'object' && value !== null && 'currency' in value && 'amount' in value;
}
