import { z } from 'zod';
import type { CheckoutId } from '../kernel/ids.ts';
import type { Database } from './database.ts';
import { id, instant, toTimestamp } from './rows/columns.ts';
import { sql } from './sql.ts';
import type { Part } from './statement.ts';
import type {
  AbandonedRequest,
  RepliedRequest,
  Reply,
  RequestKind,
  RequestName,
  StoredRequest,
} from '../domain/request.ts';
import type { Change, Store } from './store.ts';
import { type Row, table, updateThrough } from './table.ts';

export const requests = table('requests', {
  merchant_id: 'text',
  scope: 'text',
  kind: 'text',
  body_digest: 'text',
  raw_digest: 'text',
  checkout_id: 'text',
  subject: 'text',
  opened_at: 'timestamptz',
  lease_until: 'timestamptz',
  reply_status: 'integer',
  reply_body: 'text',
});

type RequestRow = Row<keyof typeof requests.types>;

type Opening = Extract<NonNullable<Change['request']>, { open: unknown }>;
type Moving = Extract<NonNullable<Change['request']>, { moved: unknown }>;

export function openedRow({ open, subject, leaseUntil }: Opening, checkoutId: CheckoutId): RequestRow {
  return {
    merchant_id: open.merchantId,
    scope: open.scope,
    kind: open.kind,
    body_digest: open.bodyDigest,
    raw_digest: open.rawDigest,
    checkout_id: checkoutId,
    subject,
    opened_at: toTimestamp(open.openedAt),
    lease_until: toTimestamp(leaseUntil),
    reply_status: null,
    reply_body: null,
  };
}

export function repliedRow(request: RepliedRequest, checkoutId: CheckoutId | null): RequestRow {
  return {
    merchant_id: request.merchantId,
    scope: request.scope,
    kind: request.kind,
    body_digest: request.bodyDigest,
    raw_digest: request.rawDigest,
    checkout_id: checkoutId,
    subject: null,
    opened_at: toTimestamp(request.openedAt),
    lease_until: null,
    reply_status: request.reply.status,
    reply_body: request.reply.body,
  };
}

/** A request goes on with another attempt: whoever resumes it begins there. */
export function moved(k: string, { moved: name, subject, leaseUntil }: Moving): Part {
  return updateThrough(
    k,
    requests,
    { merchant_id: name.merchantId, scope: name.scope },
    { subject, lease_until: toTimestamp(leaseUntil) },
  );
}

/** Ends a request with the reply that every repetition of it will get. */
export function replied(k: string, name: RequestName, reply: Reply): Part {
  return updateThrough(
    k,
    requests,
    { merchant_id: name.merchantId, scope: name.scope },
    { lease_until: null, reply_status: reply.status, reply_body: reply.body },
  );
}

/** The columns that `fromRequestRow` reads, from `requests as r`. */
export const requestColumns = 'r.body_digest, r.opened_at, r.reply_status, r.reply_body';

const requestRow = z.object({
  body_digest: z.string(),
  opened_at: instant,
  reply_status: z.number().nullable(),
  reply_body: z.string().nullable(),
});

export function fromRequestRow(row: unknown): StoredRequest {
  const read = requestRow.parse(row);
  const reply =
    read.reply_status === null || read.reply_body === null
      ? null
      : { status: read.reply_status, body: read.reply_body };
  return { bodyDigest: read.body_digest, openedAt: read.opened_at, reply };
}

const abandonedRow = z.object({
  merchant_id: id('mer'),
  scope: z.string(),
  kind: z.custom<RequestKind>(),
  checkout_id: id('chk'),
  subject: z.union([id('att'), id('mov')]),
});

export function requestQueries(database: Database): Store['requests'] {
  return {
    find: async ({ merchantId, scope }) => {
      const [row] = await database.rows(
        sql`select r.body_digest, r.opened_at, r.reply_status, r.reply_body from requests as r
            where r.merchant_id = ${merchantId} and r.scope = ${scope}`,
      );
      return row === undefined ? null : fromRequestRow(row);
    },
    claimAbandoned: async (now, leaseUntil, limit) => {
      const rows = await database.rows(
        sql`update requests as r set lease_until = ${toTimestamp(leaseUntil)}::timestamptz
            from (
              select merchant_id, scope from requests
              where lease_until < ${toTimestamp(now)}::timestamptz
              order by lease_until limit ${limit} for update skip locked
            ) as due
            where r.merchant_id = due.merchant_id and r.scope = due.scope
            returning r.merchant_id, r.scope, r.kind, r.checkout_id, r.subject`,
      );
      return rows.map((row): AbandonedRequest => {
        const read = abandonedRow.parse(row);
        return {
          merchantId: read.merchant_id,
          scope: read.scope,
          kind: read.kind,
          checkoutId: read.checkout_id,
          subject: read.subject,
        };
      });
    },
    deleteRepliedBefore: async (instantBefore) => {
      const rows = await database.rows(
        sql`delete from requests where lease_until is null and opened_at < ${toTimestamp(instantBefore)}::timestamptz returning 1`,
      );
      return rows.length;
    },
  };
}
