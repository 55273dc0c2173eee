import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { clientOf, errorOf, openSandbox, payment, type Sandbox } from './stripe-client.ts';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox();
});
afterEach(() => sandbox.script('DELETE', 'faults'));
afterAll(() => sandbox.close());

let keys = 0;
const newKey = () => `fault-${(keys += 1)}`;
const plan = (fault: object) => sandbox.script('POST', 'faults', fault);
const pay = (idempotencyKey: string, timeout = 5_000) =>
  clientOf(sandbox.port, 'sk_test_shop', timeout).paymentIntents.create(payment, { idempotencyKey });
const captures = async (key: string) =>
  (await sandbox.ledger())
    .filter((line) => line.idempotency_keys.includes(key))
    .flatMap((line) => line.captures);

/** The library retries a closed connection once by itself, hence two. */
const twice = { times: 2 };

describe('an answer that is lost after charging', () => {
  test.each([
    ['hang', 'StripeConnectionError', {}],
    ['reset', 'StripeConnectionError', twice],
    ['reset_in_body', 'StripeConnectionError', twice],
    ['truncate', 'StripeAPIError', {}],
    ['html', 'StripeAPIError', {}],
    ['redirect', 'StripeAPIError', {}],
  ])('by %s is a %s, and the same key finds the charge', async (act, type, more) => {
    const key = newKey();
    await plan({ do: act, when: 'after', match: { key }, ...more });
    expect((await errorOf(pay(key, 150))).type).toBe(type);
    expect(await captures(key)).toEqual([1299]);
    await sandbox.script('DELETE', 'faults');
    expect((await pay(key)).status).toBe('succeeded');
    expect(await captures(key)).toEqual([1299]);
  });

  test('by a slow drip is a timeout', async () => {
    const key = newKey();
    await plan({ do: 'drip', match: { key } });
    expect((await errorOf(pay(key, 150))).type).toBe('StripeConnectionError');
    expect(await captures(key)).toEqual([1299]);
  });
});

describe('a request that is lost before charging', () => {
  test.each(['hang', 'reset', 'error', 'html', 'redirect'])('by %s has charged nothing', async (act) => {
    const key = newKey();
    await plan({ do: act, when: 'before', match: { key }, ...twice });
    await errorOf(pay(key, 150));
    expect(await captures(key)).toEqual([]);
    await sandbox.script('DELETE', 'faults');
    expect((await pay(key)).status).toBe('succeeded');
  });
});

test('a rate limit says when to come back and charges nothing', async () => {
  const key = newKey();
  await plan({ do: 'rate_limit', retry_after: 7, match: { key } });
  const error = await errorOf(pay(key));
  expect(error).toMatchObject({ statusCode: 429, code: 'rate_limit' });
  expect(error.headers).toMatchObject({ 'retry-after': '7' });
  expect(await captures(key)).toEqual([]);
});

test.each([429, 409])('a lock timeout answers %d and charges nothing', async (status) => {
  const key = newKey();
  await plan({ do: 'lock_timeout', status, match: { key } });
  expect(await errorOf(pay(key))).toMatchObject({ statusCode: status, code: 'lock_timeout' });
  expect(await captures(key)).toEqual([]);
});

test('an altered answer lies about the amount, the ledger does not', async () => {
  const key = newKey();
  await plan({ do: 'alter', set: { amount: 1, currency: 'usd', id: 'pi_else' }, match: { key } });
  expect(await pay(key)).toMatchObject({ id: 'pi_else', amount: 1, currency: 'usd' });
  expect(await captures(key)).toEqual([1299]);
});

test('a fault finds its request by method, path, token, metadata and count', async () => {
  const { stripe } = sandbox;
  await plan({
    do: 'error',
    match: {
      method: 'POST',
      path: '/v1/payment_intents/*/capture',
      token: 'pm_card_mastercard',
      metadata: { order: 'ord_9' },
      nth: 2,
    },
  });
  const held = (payment_method: string, order: string) =>
    stripe.paymentIntents.create({
      ...payment,
      payment_method,
      capture_method: 'manual',
      metadata: { order },
    });
  const capture = async (token: string, order: string) =>
    stripe.paymentIntents.capture((await held(token, order)).id);
  expect((await capture('pm_card_visa', 'ord_9')).status).toBe('succeeded');
  expect((await capture('pm_card_mastercard', 'ord_8')).status).toBe('succeeded');
  expect((await capture('pm_card_mastercard', 'ord_9')).status).toBe('succeeded');
  expect((await errorOf(capture('pm_card_mastercard', 'ord_9'))).statusCode).toBe(500);
  expect((await capture('pm_card_mastercard', 'ord_9')).status).toBe('succeeded');
});

test('a token can carry its fault with it', async () => {
  const key = newKey();
  const create = () =>
    clientOf(sandbox.port, 'sk_test_shop', 150).paymentIntents.create(
      { ...payment, payment_method: 'pm_sandbox_timeoutAfterCharge' },
      { idempotencyKey: key },
    );
  expect((await errorOf(create())).type).toBe('StripeConnectionError');
  expect((await create()).status).toBe('succeeded');
  expect(await captures(key)).toEqual([1299]);
});

test('a fault that is misspelt is refused', async () => {
  await expect(plan({ do: 'explode' })).rejects.toThrow('Invalid option');
});
