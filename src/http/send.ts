import type { Response } from 'express';
import { isRefusal } from '../domain/refusal.ts';
import type { RequestId } from '../kernel/ids.ts';
import type { Headers } from './edge/headers.ts';
import type { Problem } from './problem.ts';
import type { Answered, Route } from './route.ts';

const noStore = { 'cache-control': 'no-store', 'content-type': 'application/json' };

/** Browsers call the client routes from the shop's own origin; there are no cookies, so any origin may. */
export const anyOrigin = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers':
    'ratelimit, ratelimit-policy, retry-after, request-id, idempotent-replayed',
  vary: 'origin',
};

/** Writes what a handler answered. A problem is handed back: all of them leave by one way. */
export function send(
  route: Route,
  answered: Answered,
  response: Response,
  id: RequestId,
  headers: Headers,
): Problem | null {
  if ('problem' in answered) return answered.problem;
  if (isRefusal(answered)) {
    return {
      code: answered.refused,
      detail: answered.detail,
      ...(answered.pointer && {
        errors: [{ pointer: answered.pointer, code: answered.refused, detail: answered.detail }],
      }),
      ...(answered.refused === 'request_in_flight' && { retryAfterS: 1 }),
    };
  }
  const reply =
    'document' in answered
      ? { status: route.reply.status, body: JSON.stringify(answered.document) }
      : answered.reply;
  const body = Buffer.from(reply.body);
  response
    .writeHead(reply.status, {
      ...noStore,
      ...headers,
      ...(route.client ? anyOrigin : {}),
      'content-length': body.length,
      'request-id': id,
      ...('replayed' in answered && answered.replayed ? { 'idempotent-replayed': 'true' } : {}),
    })
    .end(body);
  return null;
}

/** `headers` are those of every answer. */
export function preflight(route: Route, response: Response, headers: Headers): void {
  response
    .writeHead(204, {
      ...headers,
      ...anyOrigin,
      'access-control-allow-methods': route.method.toUpperCase(),
      'access-control-allow-headers':
        'authorization, content-type, idempotency-key, tillgate-client-secret, tillgate-challenge-solution, request-id',
      'access-control-max-age': '600',
    })
    .end();
}
