import type { Clock } from '../../kernel/instant.ts';
import { html } from '../answer.ts';
import { faultScript } from '../fault-script.ts';
import { startServer, type Incoming, type Listener, type Reply as Send } from '../http-server.ts';
import { checkoutPath } from './api.ts';
import { answerCheckout } from './checkout-door.ts';
import { captureWhatIsDue } from './conclude-payment.ts';
import { isAuthorised, toAnswer, unauthorised } from './door.ts';
import { openLedger } from './ledger.ts';
import { issuerPage } from './page.ts';
import { accountingReport, reportDay } from './report.ts';
import { randomReference, type Account, type Sandbox } from './sandbox.ts';
import { answerScript } from './scripts.ts';
import { openWebhooks, retryMsDefault, type WebhookSettings } from './webhooks.ts';
import { problem } from './wire.ts';

/** Everything has a default; the defaults of `account` and `webhooks` are exported for the other side to use. */
export type AdyenSandboxOptions = {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** Where the books are kept over a restart; without it they live in memory. */
  readonly dataDir?: string;
  /** How long every API answer takes. 0 by default. */
  readonly latencyMs?: number;
  readonly account?: Partial<Account>;
  readonly webhooks?: Partial<WebhookSettings>;
  /** Pauses between tries of a webhook. */
  readonly webhookRetryMs?: readonly number[];
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
  const sandbox = await openAdyenSandbox(options, () => listener.url);
  const listener: Listener = await startServer(options.port ?? 0, (incoming, send) =>
    answer(sandbox, incoming, send),
  );
  return {
    url: listener.url,
    port: listener.port,
    close: async () => {
      sandbox.webhooks.close();
      await listener.close();
      await sandbox.ledger.close();
    },
  };
}

/** A stand-in that nobody listens for yet. */
export async function openAdyenSandbox(options: AdyenSandboxOptions, origin: () => string): Promise<Sandbox> {
  const ledger = await openLedger(options.dataDir);
  const settings = { ...adyenSandboxWebhooks, ...options.webhooks };
  return {
    account: { ...adyenSandboxAccount, ...options.account },
    ledger,
    webhooks: openWebhooks(ledger, settings, options.webhookRetryMs ?? retryMsDefault),
    now: options.now ?? Date.now,
    newReference: options.newReference ?? randomReference,
    faults: faultScript(),
    inFlight: new Set(),
    latencyMs: options.latencyMs ?? 0,
    origin,
  };
}

/** Answers one request, whether it came over a socket or from within this process. */
export function answer(sandbox: Sandbox, incoming: Incoming, send: Send): void {
  const broken = (error: unknown) =>
    send(toAnswer(problem(500, '000', `The stand-in broke: ${String(error)}`, 'internal')));
  try {
    captureWhatIsDue(sandbox);
    if (incoming.path.startsWith('/_sandbox/')) answerScript(sandbox, incoming).then(send, broken);
    else answerApi(sandbox, incoming, send);
  } catch (error) {
    broken(error);
  }
}

function answerApi(sandbox: Sandbox, incoming: Incoming, send: Send): void {
  const { path } = incoming;
  const checkout = checkoutPath(path);
  if (checkout !== undefined) {
    answerCheckout(sandbox, incoming, checkout, send);
    return;
  }
  const page = path.startsWith('/3ds/') ? issuerPage(sandbox, path.slice('/3ds/'.length)) : undefined;
  if (page !== undefined) {
    send(html(200, page));
    return;
  }
  const day = reportDay(path);
  if (day === undefined) send(toAnswer(problem(404, '000', 'Not found', 'configuration')));
  else if (!isAuthorised(sandbox, incoming)) send(toAnswer(unauthorised()));
  else send({ status: 200, headers: { 'content-type': 'text/csv' }, body: accountingReport(sandbox, day) });
}
