import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  CheckoutAPI,
  Client,
  Config,
  EnvironmentEnum,
  hmacValidator as HmacValidator,
  HttpURLConnectionClient,
} from '@adyen/api-library';
import type { NotificationRequestItem } from '@adyen/api-library/lib/src/typings/notification/models.js';
import { adyenSandboxAccount, adyenSandboxWebhooks } from '../../src/sandbox/adyen/adyen.ts';
import type { LedgerLine } from '../../src/sandbox/adyen/ledger-lines.ts';
import type { NotificationItem } from '../../src/sandbox/adyen/signature.ts';

export const merchantAccount = 'TillgateECOM';

/** The library types its requests as classes of its own and takes any object of their shape, as tests write them. */
type Plain<Api> = {
  [Method in keyof Api]: Api[Method] extends (...given: infer Given) => infer Answer
    ? (
        ...given: { [Place in keyof Given]: Given[Place] extends string | undefined ? Given[Place] : object }
      ) => Answer
    : never;
};
export type PlainCheckoutApi = {
  [Group in 'PaymentsApi' | 'ModificationsApi' | 'RecurringApi']: Plain<CheckoutAPI[Group]>;
};

/**
 * The official library, unmodified, against the stand-in. It has no setting for the address and speaks TLS only, so
 * its HTTP client is given another way to open a connection; reading and judging the answer stays the library's.
 */
export function checkoutApi(
  url: string,
  apiKey = adyenSandboxAccount.apiKey,
  timeoutMs = 20_000,
): PlainCheckoutApi {
  const config = new Config({
    apiKey,
    environment: EnvironmentEnum.TEST,
    connectionTimeoutMillis: timeoutMs,
  });
  const httpClient = Object.assign(new HttpURLConnectionClient(), {
    createRequest(
      endpoint: string,
      options: { headers: Record<string, string>; method?: string; idempotencyKey?: string; params?: object },
    ) {
      const target = new URL(endpoint.replace('https://checkout-test.adyen.com', url));
      target.search = new URLSearchParams({ ...options.params }).toString();
      const { headers, method = 'POST', idempotencyKey } = options;
      if (idempotencyKey !== undefined) headers['Idempotency-Key'] = idempotencyKey;
      return httpRequest(target, { method, headers, timeout: timeoutMs, agent: false });
    },
  });
  return new CheckoutAPI(new Client(config, httpClient)) as unknown as PlainCheckoutApi;
}

let references = 0;

/** A payment of 12.99 EUR with a card that needs nothing, changed by what is given. */
export function paymentRequest(
  changes: object = {},
  card: { number?: string; holderName?: string; code?: string; year?: string } = {},
) {
  references += 1;
  return {
    merchantAccount,
    reference: `ord_${references}`,
    amount: { value: 1299, currency: 'EUR' },
    returnUrl: 'https://shop.example/return?order=1',
    paymentMethod: {
      type: 'scheme',
      encryptedCardNumber: `test_${card.number ?? '4111111111111111'}`,
      encryptedExpiryMonth: 'test_03',
      encryptedExpiryYear: `test_${card.year ?? '2030'}`,
      encryptedSecurityCode: `test_${card.code ?? '737'}`,
      holderName: card.holderName ?? 'J. Smith',
    },
    ...changes,
  };
}

/** A merchant's webhook endpoint: keeps every body, checks signatures with the library, answers what it is told. */
export async function startReceiver(): Promise<Receiver> {
  const bodies: NotificationItem[][] = [];
  const validator = new HmacValidator();
  const receiver = { status: 202, ignored: 0 };
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const body = JSON.parse(text) as {
        notificationItems: { NotificationRequestItem: NotificationItem }[];
      };
      if (receiver.status < 300)
        bodies.push(body.notificationItems.map((item) => item.NotificationRequestItem));
      else receiver.ignored += 1;
      response.writeHead(receiver.status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(receiver, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/adyen`,
    bodies,
    isGenuine: (item: NotificationItem) =>
      validator.validateHMAC(item as unknown as NotificationRequestItem, adyenSandboxWebhooks.hmacKey),
    item: async (eventCode: string, pspReference?: string) => {
      const find = () =>
        bodies
          .flat()
          .find(
            (item) =>
              item.eventCode === eventCode &&
              (pspReference === undefined || item.pspReference === pspReference),
          );
      await until(() => find() !== undefined);
      return find()!;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  });
}

export type Receiver = {
  status: number;
  /** How many deliveries were turned away. */
  ignored: number;
  url: string;
  bodies: NotificationItem[][];
  isGenuine: (item: NotificationItem) => boolean;
  /** Waits for the webhook of this event, and of this modification when one is named. */
  item: (eventCode: string, pspReference?: string) => Promise<NotificationItem>;
  close: () => void;
};

/** Waits for something to become true; the test's own timeout ends a wait in vain. */
export async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Asks the stand-in for what Adyen does not have. */
export async function sandboxCall(
  url: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const response = await fetch(`${url}/_sandbox/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}

/** Every payment as the stand-in's own books have it. */
export async function ledger(url: string): Promise<LedgerLine[]> {
  const text = await (await fetch(`${url}/_sandbox/ledger`)).text();
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as LedgerLine);
}

/** The ledger's line of the payment with this merchant reference; there must be exactly one. */
export async function ledgerOf(url: string, reference: string): Promise<LedgerLine> {
  const lines = (await ledger(url)).filter((line) => line.reference === reference);
  if (lines.length !== 1) throw new Error(`${lines.length} payments have the reference ${reference}`);
  return lines[0]!;
}
