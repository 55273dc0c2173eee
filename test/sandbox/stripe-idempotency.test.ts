import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { errorOf, openSandbox, payment, type Sandbox } from './stripe-client.ts';

let sandbox: Sandbox;
let now = Date.parse('2026-03-01T09:00:00Z');
beforeAll(async () => {
  sandbox = await openSandbox({ clock: () => now });
});
afterAll(() => sandbox.close());

const withKey = (idempotencyKey: string) => ({ idempotencyKey });
const ledgerOf = async (key: string) =>
  (await sandbox.ledger()).filter((line) => line.idempotency_keys.includes(key));

test('a repeated request gets the first answer back and charges once', async () => {
  const { stripe } = sandbox;
  const first = await stripe.paymentIntents.create(payment, withKey('key-1'));
  await stripe.paymentIntents.update(first.id, { description: 'changed since' });
  const again = await stripe.paymentIntents.create(payment, withKey('key-1'));
  expect(again).toEqual(first);
  expect(again.lastResponse.headers).toMatchObject({
    'idempotent-replayed': 'true',
    'idempotency-key': 'key-1',
    'original-request': first.lastResponse.requestId,
  });
  expect(await ledgerOf('key-1')).toMatchObject([{ authorisations: [1299], captures: [1299] }]);
});

test('a key with other parameters or for another endpoint is refused', async () => {
  const { stripe } = sandbox;
  const held = await stripe.paymentIntents.create({ ...payment, capture_method: 'manual' }, withKey('key-2'));
  for (const call of [
    stripe.paymentIntents.create({ ...payment, amount: 1300 }, withKey('key-2')),
    stripe.paymentIntents.capture(held.id, {}, withKey('key-2')),
  ])
    expect(await errorOf(call)).toMatchObject({ type: 'StripeIdempotencyError', statusCode: 400 });
  expect(await ledgerOf('key-2')).toMatchObject([{ captured: 0 }]);
});

test('a decline is remembered', async () => {
  const create = () =>
    errorOf(
      sandbox.stripe.paymentIntents.create(
        { ...payment, payment_method: 'pm_card_chargeDeclined' },
        withKey('key-3'),
      ),
    );
  const first = await create();
  const again = await create();
  expect(again.payment_intent!.id).toBe(first.payment_intent!.id);
  expect(await ledgerOf('key-3')).toMatchObject([{ declines: 1 }]);
});

test('a request that fails validation is not remembered', async () => {
  const { stripe } = sandbox;
  await errorOf(stripe.paymentIntents.create({ ...payment, amount: -1 }, withKey('key-4')));
  const made = await stripe.paymentIntents.create(payment, withKey('key-4'));
  expect(made.status).toBe('succeeded');
});

test('a 500 after execution is remembered, one before is not', async () => {
  const { stripe } = sandbox;
  const fault = { do: 'error', match: { key: 'key-5' } };
  await sandbox.script('POST', 'faults', { ...fault, when: 'after' });
  for (let tries = 0; tries < 3; tries += 1)
    expect((await errorOf(stripe.paymentIntents.create(payment, withKey('key-5')))).statusCode).toBe(500);
  expect(await ledgerOf('key-5')).toMatchObject([{ captures: [1299] }]);

  await sandbox.script('POST', 'faults', { do: 'error', when: 'before', match: { key: 'key-6' } });
  expect((await errorOf(stripe.paymentIntents.create(payment, withKey('key-6')))).statusCode).toBe(500);
  expect((await stripe.paymentIntents.create(payment, withKey('key-6'))).status).toBe('succeeded');
});

test('of ten at once with one key, one is executed and the others are told to wait', async () => {
  await sandbox.script('POST', 'faults', { do: 'delay', when: 'before', ms: 100, match: { key: 'key-7' } });
  const results = await Promise.allSettled(
    Array.from({ length: 10 }, () => sandbox.stripe.paymentIntents.create(payment, withKey('key-7'))),
  );
  const refused = results.flatMap((each) => (each.status === 'rejected' ? [each.reason as object] : []));
  expect(refused).toHaveLength(9);
  for (const error of refused)
    expect(error).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' });
  expect(await ledgerOf('key-7')).toMatchObject([{ authorisations: [1299], captures: [1299] }]);
});

test('a key of more than 255 characters is refused', async () => {
  const error = await errorOf(sandbox.stripe.paymentIntents.create(payment, withKey('k'.repeat(256))));
  expect(error.statusCode).toBe(400);
  const made = await sandbox.stripe.paymentIntents.create(payment, withKey('k'.repeat(255)));
  expect(made.status).toBe('succeeded');
});

test('after a day the same key is a new charge', async () => {
  const first = await sandbox.stripe.paymentIntents.create(payment, withKey('key-8'));
  now += 24 * 3_600_000 + 1_000;
  const second = await sandbox.stripe.paymentIntents.create(payment, withKey('key-8'));
  expect(second.id).not.toBe(first.id);
  expect(await ledgerOf('key-8')).toHaveLength(2);
});
