import type { Fault } from '../fault-script.ts';
import type { Incoming, Reply as Send } from '../http-server.ts';
import { alreadyInProgress, answerCall, versionMin, type Call } from './api.ts';
import type { Sandbox } from './sandbox.ts';
import { header, isAuthorised, toAnswer, unauthorised } from './door.ts';
import { objectAt, parseJson, problem, textAt, type Reply } from './wire.ts';

/**
 * Answers a request to the Checkout API, as slowly and as badly as the test has scripted. While it is worked on, the
 * same idempotency key gets a 704.
 */
export function answerCheckout(
  sandbox: Sandbox,
  incoming: Incoming,
  checkout: { version: number; path: string },
  send: Send,
): void {
  const { faults, inFlight, latencyMs } = sandbox;
  const call: Call = {
    method: incoming.method,
    path: checkout.path,
    query: new URLSearchParams(incoming.query),
    idempotencyKey: header(incoming, 'idempotency-key'),
    body: incoming.body,
  };
  const key = call.method === 'POST' ? call.idempotencyKey : '';
  const refusal = refusalOf(sandbox, incoming, checkout.version, inFlight.has(key));
  const fault = refusal === undefined ? faults.take(() => factsOf(sandbox, call)) : undefined;
  if (refusal !== undefined) {
    send(toAnswer(refusal));
    return;
  }
  const isLate = fault?.when === 'before' && fault.do === 'delay';
  const execute = () => {
    inFlight.delete(key);
    if (fault === undefined || isLate) send(toAnswer(answerCall(sandbox, call)));
    else {
      const executed = fault.when === 'after' ? answerCall(sandbox, call) : undefined;
      send(toAnswer(faultReply(fault) ?? executed ?? notExecuted), fault);
    }
  };
  const waitMs = latencyMs + (isLate ? fault.ms : 0);
  if (waitMs === 0) {
    execute();
    return;
  }
  if (key !== '') inFlight.add(key);
  setTimeout(execute, waitMs).unref();
}

/** The text that a fault before the charge cuts short or lets drip. */
const notExecuted = problem(500, '000', 'Not executed', 'internal');

function refusalOf(
  sandbox: Sandbox,
  incoming: Incoming,
  version: number,
  inFlight: boolean,
): Reply | undefined {
  if (!isAuthorised(sandbox, incoming)) return unauthorised();
  if (version < versionMin) {
    return problem(404, '000', `The stand-in speaks v${versionMin} and newer`, 'configuration');
  }
  return inFlight ? alreadyInProgress() : undefined;
}

/**
 * What Adyen says when it fails of itself. Before anything was executed it promises, by `transient-error`, that the
 * same key may come again; after that it promises nothing.
 */
function faultReply(fault: Fault): Reply | undefined {
  const headers: Record<string, string> = fault.when === 'before' ? { 'transient-error': 'true' } : {};
  switch (fault.do) {
    case 'error':
      return { ...problem(fault.status ?? 500, '000', 'Internal error', 'internal'), headers };
    case 'rate_limit':
      return {
        ...problem(fault.status ?? 429, '000', 'Too many requests', 'security'),
        headers: { ...headers, 'retry-after': String(fault.retry_after) },
      };
    case 'lock_timeout':
      return { ...problem(fault.status ?? 422, '704', 'Request already processed or in progress'), headers };
    default:
      return undefined;
  }
}

/** What a fault may be matched by: the reference and metadata of the request, or of the payment it modifies. */
function factsOf(sandbox: Sandbox, call: Call) {
  const body = parseJson(call.body) ?? {};
  const method = objectAt(body, 'paymentMethod');
  const payment = sandbox.ledger.payments.get(call.path.split('/')[2] ?? '');
  const metadata = (payment?.metadata ?? objectAt(body, 'metadata')) as Record<string, string>;
  return {
    method: call.method,
    path: call.path,
    key: call.idempotencyKey === '' ? undefined : call.idempotencyKey,
    token: textAt(method, 'storedPaymentMethodId') || textAt(method, 'encryptedCardNumber') || undefined,
    metadata: { ...metadata, reference: payment?.reference ?? textAt(body, 'reference') },
  };
}
