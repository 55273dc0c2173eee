import { afterAll, beforeAll, expect, test } from '@jest/globals';
import Stripe from 'stripe';
import type { Testimony } from '../../src/domain/payment/witness.ts';
import type { Psp } from '../../src/psp/psp.ts';
import { createStripePsp } from '../../src/psp/stripe/stripe.ts';
import { startStripeSandbox } from '../../src/sandbox/stripe/server.ts';
import { become, booksOf, movementOf, money, newId, script, subjectOf, timeoutMs } from './stand.ts';

/** What is Stripe's alone; the rest is in the conformance suite. */
const secretKey = `sk_test_${newId('key')}`;
const secret = 'whsec_test';
const minuteMs = 60_000;
let sandbox: Awaited<ReturnType<typeof startStripeSandbox>>;
let psp: Psp;
let now = Date.now();
let official: Stripe;

beforeAll(async () => {
  sandbox = await startStripeSandbox();
  psp = createStripePsp({
    account: 'main',
    secretKey,
    webhookSecrets: [secret],
    baseUrl: sandbox.url,
    timeoutMs,
    clock: () => now,
  });
  official = new Stripe(secretKey, {
    host: '127.0.0.1',
    port: sandbox.port,
    protocol: 'http',
    telemetry: false,
  });
});
afterAll(() => sandbox.close());

const ledger = (): string => `${sandbox.url}/_sandbox/ledger?key=${secretKey}`;
const fault = (body: object): Promise<string> => script(`${sandbox.url}/_sandbox/faults`, 'POST', body);

async function at<T>(instant: number, act: () => Promise<T>): Promise<T> {
  now = instant;
  try {
    return await act();
  } finally {
    now = Date.now();
  }
}

test('an attempt that is older than ten minutes is not started any more', async () => {
  const subject = subjectOf({ method: 'pm_card_visa' });
  const { createdAt } = subject.attempt;
  const late = await at(createdAt + 11 * minuteMs, () => psp.authorize(subject));
  // It might still be on its way from a process whose clock lies.
  expect(late.kind).toBe('unknown');
  const later = await at(createdAt + 30 * minuteMs, () => psp.authorize(subject));
  expect(later).toEqual({ kind: 'not_sent', cause: 'Stripe has no such payment' });
  expect((await booksOf(ledger(), subject)).authorisations).toEqual([]);
});

test('an old attempt that was charged is found however late it is asked about', async () => {
  const subject = subjectOf({ method: 'pm_card_visa' });
  await psp.authorize(subject);
  const outcome = await at(subject.attempt.createdAt + 60 * minuteMs, () => psp.ask(subject));
  expect(outcome).toMatchObject({ kind: 'authorized', captured: money(1299n) });
});

test('a clock that lies by minutes does not hide a charge', async () => {
  for (const lie of [-9 * minuteMs, 9 * minuteMs]) {
    const subject = subjectOf({ method: 'pm_card_visa' });
    const lying = { ...subject, attempt: { ...subject.attempt, createdAt: Date.now() + lie } };
    await psp.authorize(lying);
    await psp.authorize(lying);
    const much = await at(Date.now() + 60 * minuteMs, () => psp.ask(lying));
    expect(much.kind).toBe('authorized');
    expect((await booksOf(ledger(), lying)).authorisations).toEqual([1299]);
  }
});

test('a stored error is not repeated for ever: the charge behind it is found by listing', async () => {
  const subject = subjectOf({ method: 'pm_card_visa' });
  await fault({ match: { key: subject.attempt.request.pspKey }, when: 'after', do: 'error' });
  expect((await psp.authorize(subject)).kind).toBe('unknown');
  // Stripe replays what it said under this key: the same call alone would never settle it.
  expect(await psp.authorize(subject)).toMatchObject({
    kind: 'unknown',
    cause: expect.stringMatching(/^500/),
  });
  expect((await psp.ask(subject)).kind).toBe('authorized');
  expect((await booksOf(ledger(), subject)).authorisations).toEqual([1299]);
});

test('an attempt that was never heard of can be canceled only when Stripe shows it', async () => {
  const subject = subjectOf({ method: 'pm_card_visa' });
  expect((await psp.cancel(subject)).kind).toBe('unknown');
  expect((await booksOf(ledger(), subject)).authorisations).toEqual([]);
});

test('a payment that succeeded meanwhile is not canceled but told', async () => {
  const subject = subjectOf({ method: 'pm_card_visa' });
  await psp.authorize(subject);
  expect((await psp.cancel(become(subject, { state: 'unknown', cause: 'unheard' }))).kind).toBe('authorized');
});

test('a movement asked about a day later is not made any more', async () => {
  const subject = subjectOf({ method: 'pm_card_visa' });
  const outcome = await psp.authorize(subject);
  if (outcome.kind !== 'authorized') throw new Error(outcome.kind);
  const refund = movementOf(subject, outcome.pspReference, 'refund', 100n);
  const late = await at(Date.now() + 21 * 60 * minuteMs, () => psp.move(refund));
  expect(late).toEqual({ kind: 'not_sent', cause: 'Stripe has no such movement' });
  expect((await booksOf(ledger(), subject)).refunds).toEqual([]);
});

test('the list of charges has every success with its attempt', async () => {
  const subject = subjectOf({ method: 'pm_card_visa', capture: false });
  const outcome = await psp.authorize(subject);
  if (outcome.kind !== 'authorized') throw new Error(outcome.kind);
  await psp.move(movementOf(subject, outcome.pspReference, 'capture', 900n));
  await psp.move(movementOf(subject, outcome.pspReference, 'refund', 300n));
  const listed = [];
  for await (const charge of psp.listCharges!(Date.now() - minuteMs, Date.now() + minuteMs))
    listed.push(charge);
  expect(listed.find(({ attemptId }) => attemptId === subject.attempt.id)).toMatchObject({
    pspReference: outcome.pspReference,
    authorized: money(1299n),
    captured: 900n,
    refunded: 300n,
  });
});

function testimonies(type: string, object: object): readonly Testimony[] {
  const payload = JSON.stringify({ id: 'evt_1', object: 'event', type, created: 1, data: { object } });
  const header = official.webhooks.generateTestHeaderString({ payload, secret });
  const reading = psp.readWebhook({
    raw: Buffer.from(payload),
    headers: { 'stripe-signature': header },
    receivedAt: Date.now(),
  });
  if (reading.kind === 'refused') throw new Error(reading.why);
  return reading.witnesses.map(({ testimony }) => testimony);
}

const intent = {
  id: 'pi_1',
  object: 'payment_intent',
  amount: 1299,
  amount_received: 0,
  capture_method: 'manual',
  currency: 'eur',
  metadata: {},
};

test('what can become untrue again only asks', () => {
  for (const type of ['requires_action', 'processing', 'succeeded', 'amount_capturable_updated']) {
    const [first] = testimonies(`payment_intent.${type}`, { ...intent, status: 'requires_action' });
    expect(first).toEqual({ about: 'ask', ref: { pspReference: 'pi_1' } });
  }
});

test('a success names each capture with its own share of the total', () => {
  const [one, two] = [newId('mov'), newId('mov')];
  const said = testimonies('payment_intent.succeeded', {
    ...intent,
    status: 'succeeded',
    amount_received: 700,
    metadata: {
      [one]: 'capture 300',
      [two]: 'capture 400',
      other: 'capture 1',
      [newId('mov')]: 'increment 5',
    },
  });
  expect(said.slice(1)).toMatchObject([
    { about: 'movement', ref: { movementId: one }, outcome: { kind: 'succeeded', amount: money(300n) } },
    { about: 'movement', ref: { movementId: two }, outcome: { kind: 'succeeded', amount: money(400n) } },
  ]);
});

test('a capture of another amount than ours shows in the movement', () => {
  const id = newId('mov');
  const object = { ...intent, status: 'succeeded', amount_received: 1, metadata: { [id]: 'capture 300' } };
  expect(testimonies('payment_intent.succeeded', object)[1]).toMatchObject({
    outcome: { kind: 'succeeded', amount: money(1n) },
  });
});

test('events of unknown types and unreadable objects are stored and mean nothing', () => {
  for (const [type, object] of [
    ['invoice.paid', {}],
    ['charge.succeeded', {}],
    ['payment_intent.canceled', { id: 1 }],
  ] as const) {
    expect(testimonies(type, object)).toEqual([{ about: 'nothing' }]);
  }
});

test('ids of ours that are none are not passed on', () => {
  const object = {
    ...intent,
    status: 'canceled',
    metadata: { tillgate_attempt: "att_'; drop table attempts" },
  };
  expect(testimonies('payment_intent.canceled', object)).toMatchObject([{ ref: { pspReference: 'pi_1' } }]);
  expect(JSON.stringify(testimonies('payment_intent.canceled', object))).not.toContain('drop');
});

test('a cause never repeats what was sent', async () => {
  const subject = { ...subjectOf({ method: 'pm_secret_token' }), email: 'buyer@example.com' };
  const outcome = await psp.authorize(subject);
  expect(outcome.kind).toBe('not_sent');
  expect(JSON.stringify(outcome)).not.toMatch(/pm_secret_token|buyer@|sk_test/);
});
