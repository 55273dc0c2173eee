import { createHash } from 'node:crypto';
import { authorisePayment } from './authorise-payment.ts';
import { cancelByReference, modifyPayment, type Modification } from './modify-payment.ts';
import type { Sandbox } from './sandbox.ts';
import { forgetStoredMethod, listStoredMethods, paymentMethods } from './stored-methods.ts';
import { submitDetails } from './submit-details.ts';
import { parseJson, problem, textAt, type Json, type Reply } from './wire.ts';

/** A request to the Checkout API, without the `/v72` in front of its path. */
export type Call = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly idempotencyKey: string;
  readonly body: string;
};

/** The first version whose shapes the stand-in speaks. */
export const versionMin = 71;

const idempotencyKeyCharactersMax = 64;

/** Adyen's path of a call, or undefined when it is not for the Checkout API. Live addresses begin with `/checkout`. */
export function checkoutPath(path: string): { version: number; path: string } | undefined {
  const match = /^(?:\/checkout)?\/v(\d+)(\/.*)$/.exec(path);
  return match === null ? undefined : { version: Number(match[1]), path: match[2] ?? '' };
}

/** Adyen's 704: the first request with this key is still being worked on, or the key served another request. */
export function alreadyInProgress(): Reply {
  const reply = problem(422, '704', 'Request already processed or in progress');
  return { ...reply, headers: { 'transient-error': 'true' } };
}

/**
 * Answers a call that is allowed to be made. A POST with an idempotency key is executed once: whoever comes again
 * with the same key and request gets the stored reply, whatever the first one heard.
 */
export function answerCall(sandbox: Sandbox, call: Call): Reply {
  const key = call.method === 'POST' ? call.idempotencyKey : '';
  if (key.length > idempotencyKeyCharactersMax) {
    return problem(422, '14_040', `Idempotency-Key is longer than ${idempotencyKeyCharactersMax} characters`);
  }
  const request = createHash('sha256').update(`${call.path}\n${call.body}`).digest('base64');
  const stored = key === '' ? undefined : sandbox.ledger.replies.get(key);
  const echo: Record<string, string> = key === '' ? {} : { 'idempotency-key': key };
  if (stored !== undefined) {
    if (stored.request !== request) {
      return problem(422, '704', 'Request already processed: the key belongs to another request');
    }
    return { status: stored.status, body: stored.body, headers: echo };
  }
  const reply = route(sandbox, call, key);
  if (key !== '') {
    const { status, body } = reply;
    sandbox.ledger.append({ kind: 'reply', reply: { key, request, status, body } });
  }
  return { ...reply, headers: echo };
}

function route(sandbox: Sandbox, call: Call, key: string): Reply {
  const { method, path, query } = call;
  const [, collection, id, modification] = path.split('/');
  if (collection === 'storedPaymentMethods' && method === 'GET') return listStoredMethods(sandbox, query);
  if (collection === 'storedPaymentMethods' && method === 'DELETE') {
    return forgetStoredMethod(sandbox, id ?? '', query);
  }
  if (method !== 'POST') return problem(405, '000', 'Method not allowed', 'security');
  const body = parseJson(call.body);
  if (body === undefined) return problem(400, '702', 'Invalid JSON body');
  return path === '/payments/details'
    ? submitDetails(sandbox, body)
    : post(sandbox, path, body, key, id, modification);
}

function post(
  sandbox: Sandbox,
  path: string,
  body: Json,
  key: string,
  id: string | undefined,
  modification: string | undefined,
): Reply {
  const merchantAccount = textAt(body, 'merchantAccount');
  if (merchantAccount === '') return problem(422, '703', "Required field 'merchantAccount' is not provided.");
  if (!sandbox.account.merchantAccounts.includes(merchantAccount)) {
    return problem(403, '901', 'Invalid Merchant Account', 'security');
  }
  if (path === '/payments') return authorisePayment(sandbox, body, key);
  if (path === '/cancels') return cancelByReference(sandbox, body, key);
  if (path === '/paymentMethods') return paymentMethods(sandbox, body);
  if (id !== undefined && isModification(modification) && path === `/payments/${id}/${modification}`) {
    return modifyPayment(sandbox, id, modification, body, key);
  }
  return problem(404, '000', `The stand-in has no ${path}`, 'configuration');
}

function isModification(text: string | undefined): text is Modification {
  return ['captures', 'cancels', 'refunds', 'reversals', 'amountUpdates'].includes(text ?? '');
}
