import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Stripe } from 'stripe';
import { startStripeSandbox, type StripeSandboxOptions } from '../../src/sandbox/stripe/server.ts';

/** A stand-in with the official library in front of it, and its scripts at hand. */
export async function openSandbox(options: StripeSandboxOptions = {}) {
  const sandbox = await startStripeSandbox(options);
  return {
    ...sandbox,
    stripe: clientOf(sandbox.port),
    script: (method: string, path: string, body?: unknown) => script(sandbox.url, method, path, body),
    ledger: async (key = 'sk_test_shop'): Promise<Line[]> => {
      const text = await (await fetch(`${sandbox.url}/_sandbox/ledger?key=${key}`)).text();
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Line);
    },
  };
}
export type Sandbox = Awaited<ReturnType<typeof openSandbox>>;

export type Line = {
  payment_intent: string;
  metadata: Record<string, string>;
  idempotency_keys: string[];
  authorised: number;
  captured: number;
  voided: number;
  refunded: number;
  charged_back: number;
  authorisations: number[];
  captures: number[];
  refunds: number[];
  declines: number;
};

export function clientOf(port: number, key = 'sk_test_shop', timeout = 5_000): Stripe {
  return new Stripe(key, { host: '127.0.0.1', port, protocol: 'http', maxNetworkRetries: 0, timeout });
}

async function script(url: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`${url}/_sandbox/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(JSON.stringify(answer));
  return answer;
}

export const payment = {
  amount: 1299,
  currency: 'eur',
  confirm: true,
  payment_method: 'pm_card_visa',
  automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
} as const;

/** The error that a call ends with; a call that does not fail is the test's failure. */
export async function errorOf(
  call: Promise<unknown>,
): Promise<InstanceType<typeof Stripe.errors.StripeError>> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError) return error;
    throw error;
  }
  throw new Error('the call succeeded');
}

export type Received = { body: string; signature: string };

/** A receiver of webhooks that refuses the first few with a 500. */
export async function openReceiver(refuse = 0) {
  const received: Received[] = [];
  let refusals = refuse;
  const waiting: (() => void)[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (part: string) => (body += part));
    request.on('end', () => {
      response.writeHead(refusals > 0 ? 500 : 200).end();
      refusals -= 1;
      received.push({ body, signature: String(request.headers['stripe-signature']) });
      for (const wake of waiting.splice(0)) wake();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    /** Resolves as soon as so many deliveries have come. */
    wait: async (count: number) => {
      while (received.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
      return received;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
