import { type Refusal, refuse } from '../domain/refusal.ts';
import type { NewRequest, Reply, StoredRequest } from '../domain/request.ts';

/** What a flow that moves money answers. A reply is stored and repeated byte for byte; a refusal changed nothing. */
export type Answer = { readonly reply: Reply; readonly replayed: boolean } | Refusal;

/** What the journal of requests already knows: null when this is the first time. */
export function earlier(stored: StoredRequest | null, request: NewRequest): Answer | null {
  if (stored === null) return null;
  if (stored.bodyDigest !== request.bodyDigest) {
    return refuse(
      'idempotency_key_reused',
      'This Idempotency-Key was used with another body; use a new key for a new request.',
    );
  }
  if (stored.reply === null) {
    return refuse(
      'request_in_flight',
      'The first request with this Idempotency-Key is still running; try again in a moment.',
    );
  }
  return { reply: stored.reply, replayed: true };
}

export function fresh(reply: Reply): Answer {
  return { reply, replayed: false };
}
