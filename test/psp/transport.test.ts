import { afterEach, expect, test } from '@jest/globals';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createAdyenPsp } from '../../src/psp/adyen/adyen.ts';
import { createStripePsp } from '../../src/psp/stripe/stripe.ts';
import { openTransport, TransportFailure } from '../../src/psp/transport.ts';
import { subjectOf, timeoutMs } from './stand.ts';

let server: Server | undefined;
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.close();
});

/** A server that does to each connection what the test says. */
async function listen(act: (socket: Socket) => void): Promise<string> {
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    act(socket);
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What became of calls that were made at once over one connection; each has its place in the line as path. */
async function failuresOf(origin: string, calls: number): Promise<TransportFailure[]> {
  const transport = openTransport({ origin, timeoutMs: 300, connections: 1 });
  const all = Array.from({ length: calls }, async (_, at) => {
    const request = { method: 'POST', path: `/${at}`, headers: {}, body: 'x' } as const;
    const failure = await transport.exchange(request).catch((error: unknown) => error);
    if (!(failure instanceof TransportFailure)) throw new Error('it was answered');
    return failure;
  });
  return Promise.all(all);
}

async function failureOf(origin: string): Promise<TransportFailure | undefined> {
  return (await failuresOf(origin, 1))[0];
}

test('a refused connection was not sent', async () => {
  const origin = await listen(() => undefined);
  await new Promise((resolve) => server?.close(resolve));
  expect((await failureOf(origin))?.sent).toBe(false);
});

test('a name that does not exist was not sent', async () => {
  expect((await failureOf('http://psp.invalid'))?.sent).toBe(false);
});

test('a TLS handshake that fails was not sent', async () => {
  const origin = await listen((socket) => socket.end('this is not TLS'));
  expect((await failureOf(origin.replace('http:', 'https:')))?.sent).toBe(false);
});

test('silence after the request was sent', async () => {
  expect((await failureOf(await listen(() => undefined)))?.sent).toBe(true);
});

test('what waited in line until its deadline was not sent, and is not when the connection comes free', async () => {
  let bytes = '';
  const origin = await listen((socket) => socket.on('data', (chunk) => (bytes += String(chunk))));
  const failures = await failuresOf(origin, 20);
  const unsent = failures.flatMap(({ sent }, at) => (sent ? [] : [`POST /${at} `]));
  expect(unsent).toContain('POST /19 ');
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(bytes).toContain('POST /0 ');
  expect(unsent.filter((line) => bytes.includes(line))).toEqual([]);
});

test('a connection closed on the request was sent', async () => {
  const origin = await listen((socket) => socket.once('data', () => socket.resetAndDestroy()));
  expect((await failureOf(origin))?.sent).toBe(true);
});

test('an answer that is too long was sent', async () => {
  const origin = await listen((socket) =>
    socket.once('data', () =>
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 9000000\r\n\r\n${'x'.repeat(5_000_000)}`),
    ),
  );
  expect((await failureOf(origin))?.sent).toBe(true);
});

test.each(['stripe', 'adyen'])('the library for %s never repeats a request by itself', async (name) => {
  let requests = 0;
  const origin = await listen((socket) =>
    socket.on('data', (bytes) => {
      requests += String(bytes).split('POST /').length - 1;
      socket.resetAndDestroy();
    }),
  );
  const shared = { account: 'main', baseUrl: origin, timeoutMs, clock: Date.now };
  const psp =
    name === 'stripe'
      ? createStripePsp({ ...shared, secretKey: 'sk_test_x', webhookSecrets: [] })
      : createAdyenPsp({ ...shared, apiKey: 'x', hmacKeys: [], environment: 'test' });
  expect((await psp.authorize(subjectOf({ method: 'pm_card_visa' }))).kind).toBe('unknown');
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(requests).toBe(1);
});

test.each([300, 408, 502])('a payment under the status %d is not an answer of Stripe', async (status) => {
  const subject = subjectOf({ method: 'pm_card_visa' });
  const body = JSON.stringify({
    id: 'pi_1',
    object: 'payment_intent',
    amount: 1299,
    amount_received: 1299,
    capture_method: 'automatic',
    currency: 'eur',
    metadata: { tillgate_attempt: subject.attempt.id },
    status: 'succeeded',
  });
  const answer = (code: number): string =>
    `HTTP/1.1 ${code} X\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  let code = 200;
  const baseUrl = await listen((socket) => socket.on('data', () => socket.write(answer(code))));
  const psp = createStripePsp({
    account: 'main',
    baseUrl,
    timeoutMs,
    clock: Date.now,
    secretKey: 'sk_test_x',
    webhookSecrets: [],
  });
  expect((await psp.authorize(subject)).kind).toBe('authorized');
  code = status;
  expect((await psp.authorize(subject)).kind).toBe('unknown');
});
