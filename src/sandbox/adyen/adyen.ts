import { html, json, type Answer } from '../answer.ts';
import { faultScript, type Fault, type FaultScript } from '../fault-script.ts';
import { startServer, type Incoming, type Listener, type Reply as Send } from '../http-server.ts';
import {
  alreadyInProgress,
  answerCall,
  checkoutPath,
  isAuthorised,
  unauthorised,
  versionMin,
  type Call,
} from './api.ts';
import { openLedger } from './ledger.ts';
import { issuerPage } from './page.ts';
import { accountingReport, reportDay } from './report.ts';
import { randomReference, type Account, type Sandbox } from './sandbox.ts';
import { answerTest } from './test-routes.ts';
import { openWebhooks, retryMsDefault, type WebhookSettings } from './webhooks.ts';
import { objectAt, parseJson, problem, textAt, type Reply } from './wire.ts';
import type { Clock } from '../../kernel/instant.ts';

/** Everything has a default; the defaults of `account` and `webhooks` are exported for the other side to use. */
export type AdyenSandboxOptions = {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Where the books are kept over a restart; without it they live in memory. */
  readonly directory?: string;
  readonly account?: Partial<Account>;
  readonly webhooks?: Partial<WebhookSettings>;
  /** Pauses between tries of a webhook. */
  readonly retryMs?: readonly number[];
  readonly now?: Clock;
  readonly newReference?: () => string;
};

export const adyenSandboxAccount: Account = {
  apiKey: 'adyen_sandbox_key',
  company: 'TillgateCompany',
  merchantAccounts: ['TillgateECOM'],
  capture: 'immediate',
  multiplePartialCaptures: false,
};

export const adyenSandboxWebhooks: WebhookSettings = {
  url: '',
  hmacKey: '44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056',
  username: '',
  password: '',
  hold: false,
  batch: 1,
  shuffle: false,
  copies: 1,
};

/** Starts a stand-in Adyen on loopback. */
export async function startAdyenSandbox(options: AdyenSandboxOptions = {}): Promise<Listener> {
  const ledger = await openLedger(options.directory);
  const settings = { ...adyenSandboxWebhooks, ...options.webhooks };
  const webhooks = openWebhooks(ledger, settings, options.retryMs ?? retryMsDefault);
  const sandbox: Sandbox = {
    account: { ...adyenSandboxAccount, ...options.account },
    ledger,
    webhooks,
    now: options.now ?? Date.now,
    newReference: options.newReference ?? randomReference,
    origin: () => listener.url,
  };
  const faults = faultScript();
  const inFlight = new Set<string>();
  const listener: Listener = await startServer(options.port ?? 0, (incoming, send) => {
    answer(sandbox, faults, inFlight, incoming, send);
  });
  return {
    url: listener.url,
    port: listener.port,
    close: async () => {
      webhooks.close();
      await listener.close();
      await ledger.close();
    },
  };
}

function answer(
  sandbox: Sandbox,
  faults: FaultScript,
  inFlight: Set<string>,
  incoming: Incoming,
  send: Send,
): void {
  const { method, path, body } = incoming;
  const checkout = checkoutPath(path);
  if (checkout !== undefined) {
    answerCheckout(sandbox, faults, inFlight, incoming, checkout, send);
    return;
  }
  if (path.startsWith('/_sandbox/')) {
    void answerTest(sandbox, faults, method, path, body).then((reply) => send(toAnswer(reply)));
    return;
  }
  const page = path.startsWith('/3ds/') ? issuerPage(sandbox, path.slice('/3ds/'.length)) : undefined;
  if (page !== undefined) {
    send(html(200, page));
    return;
  }
  const day = reportDay(path);
  if (day === undefined) send(toAnswer(problem(404, '000', 'Not found', 'configuration')));
  else if (!isAuthorised(sandbox, header(incoming, 'x-api-key'))) send(toAnswer(unauthorised()));
  else send({ status: 200, headers: { 'content-type': 'text/csv' }, body: accountingReport(sandbox, day) });
}

function answerCheckout(
  sandbox: Sandbox,
  faults: FaultScript,
  inFlight: Set<string>,
  incoming: Incoming,
  checkout: { version: number; path: string },
  send: Send,
): void {
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
  if (refusal !== undefined) send(toAnswer(refusal));
  else if (fault === undefined) send(toAnswer(answerCall(sandbox, call)));
  else if (fault.when === 'after') {
    const reply = answerCall(sandbox, call);
    send(toAnswer(faultReply(fault) ?? reply), fault);
  } else if (fault.do === 'delay') {
    // The request is being worked on for as long as the delay lasts: the same key meanwhile is a 704.
    if (key !== '') inFlight.add(key);
    setTimeout(() => {
      inFlight.delete(key);
      send(toAnswer(answerCall(sandbox, call)));
    }, fault.ms);
  } else send(toAnswer(faultReply(fault) ?? problem(500, '000', 'Not executed', 'internal')), fault);
}

function refusalOf(
  sandbox: Sandbox,
  incoming: Incoming,
  version: number,
  inFlight: boolean,
): Reply | undefined {
  if (!isAuthorised(sandbox, header(incoming, 'x-api-key'))) return unauthorised();
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
      return {
        ...problem(fault.status ?? 500, '000', 'Internal error', 'internal'),
        headers,
      };
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

function header(incoming: Incoming, name: string): string {
  const value = incoming.headers[name];
  return typeof value === 'string' ? value : '';
}

function toAnswer({ status, body, headers }: Reply): Answer {
  return status === 204 ? { status, headers: {}, body: '' } : json(status, body, headers);
}
