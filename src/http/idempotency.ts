import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { MerchantId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { NewRequest, RequestKind } from '../domain/request.ts';
import type { Problem } from './problem.ts';

/** Stripe sends keys bare, the IETF draft in double quotes; both are taken, and name the same request. */
const bare = /^[\x21\x23-\x7e]{1,255}$/;
const quoted = /^"([\x21\x23-\x5b\x5d-\x7e]{1,255})"$/;

/**
 * Names a request for its journal: the merchant, method, path (with the id of the resource) and key say which request
 * it is; the canonical body says whether it is the same one again.
 */
export function nameRequest(asked: {
  readonly merchantId: MerchantId;
  readonly kind: RequestKind;
  readonly method: string;
  readonly path: string;
  readonly key: string | undefined;
  readonly body: unknown;
  readonly rawBody: Uint8Array;
  readonly at: Instant;
}): NewRequest | { readonly problem: Problem } {
  if (asked.key === undefined) return { problem: { code: 'idempotency_key_missing' } };
  const key = quoted.exec(asked.key)?.[1] ?? (bare.test(asked.key) ? asked.key : null);
  if (key === null) return { problem: { code: 'idempotency_key_malformed' } };
  return {
    merchantId: asked.merchantId,
    scope: digest(`${asked.method}\n${asked.path}\n${key}`),
    kind: asked.kind,
    bodyDigest: digest(canonicalize(asked.body ?? null) ?? ''),
    rawDigest: digest(asked.rawBody),
    openedAt: asked.at,
  };
}

function digest(of: string | Uint8Array): string {
  return createHash('sha256').update(of).digest('hex');
}
