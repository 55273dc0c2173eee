import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { Attempt, AttemptRequest, AttemptState } from '../../src/domain/payment/attempt.ts';
import type { DeclineCode } from '../../src/domain/payment/decline.ts';
import type { Movement, MovementKind, MovementState } from '../../src/domain/payment/movement.ts';
import type { AttemptOutcome, NextAction } from '../../src/domain/payment/outcome.ts';
import { idFrom, type Id } from '../../src/kernel/ids.ts';
import type { Currency, Money } from '../../src/kernel/money.ts';
import type { AttemptSubject, MovementSubject, Psp, WebhookBody } from '../../src/psp/psp.ts';

/** What one adapter is tested against: a stand-in PSP, or any base URL that the environment names. */
export type Stand = {
  readonly psp: Psp;
  /** The same adapter with an address where nobody listens. */
  readonly unreachable: Psp;
  /** Payment methods by what their issuer does. */
  readonly methods: Readonly<Record<'succeeds' | 'challenges' | 'wants_authentication', string>>;
  readonly declines: readonly (readonly [method: string, code: DeclineCode])[];
  /** An amount that the PSP has no way to write. */
  readonly notWritable: Money;
  /** What `alter` changes in an answer to make it another amount, currency, id or attempt. */
  readonly altered: Readonly<
    Record<'amount' | 'currency' | 'id' | 'attempt', Readonly<Record<string, unknown>>>
  >;
  /** Pays with a card whose issuer authenticates the buyer without asking; the page may have to do a step. */
  readonly frictionless: () => Promise<AttemptOutcome>;
  /** A method that was stored for a customer. */
  readonly stored: () => Promise<Pick<AttemptRequest, 'method' | 'pspCustomer'>>;
  /** Does what the buyer does on the issuer's page; answers what the browser then brings back. */
  readonly act: (
    subject: AttemptSubject,
    action: NextAction,
    result: 'passes' | 'fails',
  ) => Promise<Record<string, string>>;
  readonly fault: (fault: Readonly<Record<string, unknown>>) => Promise<unknown>;
  /** What the stand-in's own books say of the payments that carry this attempt's id. */
  readonly books: (subject: AttemptSubject) => Promise<Books>;
  /** Lets an issuer dispute or report a captured payment. */
  readonly afterwards: (subject: AttemptSubject, what: 'dispute' | 'fraud') => Promise<void>;
  /** Every webhook body heard so far. */
  readonly heard: () => readonly WebhookBody[];
  readonly forged: (body: WebhookBody) => readonly (readonly [how: string, body: WebhookBody])[];
  /** Adapters that still know, and no longer know, the secret that the stand-in signs with. */
  readonly rotated: { readonly still: Psp; readonly no_longer: Psp };
  readonly close: () => Promise<void>;
};

/** One sentence about every adapter, and how it is checked. */
export type Case = (stand: Stand) => Promise<void>;

/** Amounts of ours, summed over every payment that the PSP made for the attempt. */
export type Books = {
  readonly authorisations: readonly number[];
  readonly authorised: number;
  readonly captures: readonly number[];
  readonly refunds: readonly number[];
  readonly voided: number;
};

/** Long enough for a busy machine, short enough to wait for a few of them. */
export const timeoutMs = 1_500;

export function newId<Prefix extends string>(prefix: Prefix): Id<Prefix> {
  return idFrom(prefix, Date.now(), randomBytes(10));
}

export function money(amount: bigint, currency = 'EUR'): Money {
  return { amount, currency: currency as Currency };
}

/** An attempt to pay 12.99, captured at once, as a flow records it before the call. */
export function subjectOf(request: Partial<AttemptRequest> & { method: string }): AttemptSubject {
  const id = newId('att');
  const attempt: Attempt = {
    id,
    paymentId: newId('pay'),
    psp: 'stripe',
    pspAccount: 'conformance',
    createdAt: Date.now(),
    changedAt: Date.now(),
    state: 'prepared',
    request: {
      pspKey: id,
      amount: money(1299n),
      capture: true,
      hold: false,
      routedBecause: 'the only account',
      assessmentId: newId('asm'),
      authentication: 'automatic',
      initiator: 'buyer',
      returnUrl: 'https://shop.example/return',
      ...request,
    },
  };
  return { merchantId: newId('mer'), checkoutId: newId('chk'), orderId: newId('ord'), attempt };
}

/** The same attempt in another state. */
export function become(subject: AttemptSubject, state: AttemptState): AttemptSubject {
  const { id, paymentId, psp, pspAccount, createdAt, changedAt, request } = subject.attempt;
  return { ...subject, attempt: { id, paymentId, psp, pspAccount, createdAt, changedAt, request, ...state } };
}

export function movementOf(
  subject: AttemptSubject,
  pspReference: string,
  kind: MovementKind,
  amount: bigint,
  final = true,
  state: MovementState = { state: 'prepared' },
): MovementSubject {
  const id = newId('mov');
  const authorized = become(subject, {
    state: 'authorized',
    pspReference,
    card: {},
    authentication: { method: 'none', liability: 'merchant' },
  });
  const movement: Movement = {
    id,
    paymentId: subject.attempt.paymentId,
    attemptId: subject.attempt.id,
    kind,
    amount: money(amount),
    pspKey: id,
    final,
    stray: false,
    createdAt: Date.now(),
    changedAt: Date.now(),
    ...state,
  };
  return {
    merchantId: subject.merchantId,
    orderId: subject.orderId,
    attempt: authorized.attempt as MovementSubject['attempt'],
    movement,
  };
}

/** Listens for webhooks and keeps them as they came. */
export async function webhookReceiver(): Promise<{
  url: string;
  heard: WebhookBody[];
  close: () => Promise<void>;
}> {
  const heard: WebhookBody[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      heard.push({
        raw: Buffer.concat(chunks),
        headers: request.headers as WebhookBody['headers'],
        receivedAt: Date.now(),
      });
      response.end('[accepted]');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    heard,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A JSON request to a stand-in's scripts; fails the test when the stand-in refuses it. */
export async function script(url: string, method: 'GET' | 'POST', body?: unknown): Promise<string> {
  const response = await fetch(url, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return text;
}

/** One payment in a stand-in's books: both write the same line. */
const lineSchema = z.object({
  payment_intent: z.string().optional(),
  psp_reference: z.string().optional(),
  metadata: z.record(z.string(), z.string()),
  authorisations: z.array(z.number()),
  authorised: z.number(),
  captures: z.array(z.number()),
  refunds: z.array(z.number()),
  voided: z.number(),
});

/** Every payment that carries the attempt's id, so that a second one cannot hide. */
export async function paymentsOf(ledgerUrl: string, { attempt }: AttemptSubject) {
  const lines = (await script(ledgerUrl, 'GET')).split('\n').filter((line) => line !== '');
  return lines
    .map((line) => lineSchema.parse(JSON.parse(line)))
    .filter((line) => line.metadata['tillgate_attempt'] === attempt.id);
}

export async function booksOf(ledgerUrl: string, subject: AttemptSubject): Promise<Books> {
  const found = await paymentsOf(ledgerUrl, subject);
  return {
    authorisations: found.flatMap((line) => line.authorisations),
    authorised: found.reduce((sum, line) => sum + line.authorised, 0),
    captures: found.flatMap((line) => line.captures),
    refunds: found.flatMap((line) => line.refunds),
    voided: found.reduce((sum, line) => sum + line.voided, 0),
  };
}
