import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type TestService, newId, startTestService } from '../../harness/service.ts';
import { openCheckout, paidOrder } from './operations.ts';

let shop: TestService;
let checkout: string;
let order: string;
beforeAll(async () => {
  shop = await startTestService();
  checkout = await openCheckout(shop);
  order = await paidOrder(shop, { capture_mode: 'manual' });
});
afterAll(() => shop.close());

/** What the refusal must say, and that nothing came of the request: no row anywhere, no movement at the PSP. */
async function expectRefused(
  path: string,
  ask: Parameters<TestService['call']>[2],
  status: number,
  code: string,
  pointer?: string,
): Promise<void> {
  const before = { rows: await shop.counts(), ledger: await shop.ledger() };
  const reply = await shop.call('POST', path, ask);
  expect({ status: reply.status, body: reply.body }).toMatchObject({ status, body: { code } });
  if (pointer !== undefined) {
    const { errors = [] } = reply.body as { errors?: { pointer: string }[] };
    expect(errors.map((each) => each.pointer)).toContain(pointer);
  }
  expect({ rows: await shop.counts(), ledger: await shop.ledger() }).toEqual(before);
}

const valid = '"amount":1299,"currency":"EUR"';

it.each([
  ['an amount that is a text', '{"amount":"1299","currency":"EUR"}', 422, 'input_invalid', '/amount'],
  ['a fraction', '{"amount":12.99,"currency":"EUR"}', 422, 'input_invalid', '/amount'],
  ['a negative amount', '{"amount":-1,"currency":"EUR"}', 422, 'input_invalid', '/amount'],
  ['an amount of zero', '{"amount":0,"currency":"EUR"}', 422, 'input_invalid', '/amount'],
  ['minus zero', '{"amount":-0,"currency":"EUR"}', 400, 'json_number_inexact', '/amount'],
  [
    'an amount above what PSPs take',
    '{"amount":100000000,"currency":"EUR"}',
    422,
    'input_invalid',
    '/amount',
  ],
  [
    'an amount above 2^53',
    '{"amount":9007199254740993,"currency":"EUR"}',
    400,
    'json_number_inexact',
    '/amount',
  ],
  ['1e400', '{"amount":1e400,"currency":"EUR"}', 400, 'json_number_inexact', '/amount'],
  ['no amount', '{"currency":"EUR"}', 422, 'input_invalid', '/amount'],
  ['an amount that is null', '{"amount":null,"currency":"EUR"}', 422, 'input_invalid', '/amount'],
  ['an amount that is a list', '{"amount":[1299],"currency":"EUR"}', 422, 'input_invalid', '/amount'],
  ['an unknown currency [F9.2]', '{"amount":1299,"currency":"EUX"}', 422, 'input_invalid', '/currency'],
  ['a currency in lower case', '{"amount":1299,"currency":"eur"}', 422, 'input_invalid', '/currency'],
  ['an unknown field', `{${valid},"amout":1}`, 422, 'input_invalid', '/amout'],
  [
    'an unknown field further in',
    `{${valid},"customer":{"mail":"a@b"}}`,
    422,
    'input_invalid',
    '/customer/mail',
  ],
  ['a key twice', `{${valid},"amount":1}`, 400, 'json_duplicate_key', '/amount'],
  ['__proto__', `{${valid},"__proto__":{}}`, 400, 'json_key_refused', '/__proto__'],
  ['NUL in a text', `{${valid},"metadata":{"a":"\\u0000"}}`, 400, 'json_text_refused', '/metadata/a'],
  ['half a surrogate pair', `{${valid},"metadata":{"a":"\\ud800"}}`, 400, 'json_text_refused', '/metadata/a'],
  ['a list', '[]', 422, 'input_invalid', ''],
  ['a text', '"checkout"', 422, 'input_invalid', ''],
  ['half a document', '{"amount":', 400, 'json_malformed', undefined],
  ['nothing', '', 400, 'body_required', undefined],
  ['what goes too deep', '[['.repeat(20) + ']]'.repeat(20), 400, 'json_too_deep', undefined],
  [
    'a return page without https',
    `{${valid},"return_url":"http://shop.example"}`,
    422,
    'input_invalid',
    '/return_url',
  ],
  [
    'a script as return page',
    `{${valid},"return_url":"javascript:alert(1)"}`,
    422,
    'input_invalid',
    '/return_url',
  ],
  [
    'a country that is a name',
    `{${valid},"billing_address":{"country":"Germany"}}`,
    422,
    'input_invalid',
    '/billing_address/country',
  ],
  ['a card number', `{${valid},"metadata":{"a":"4242424242424242"}}`, 422, 'card_number_refused', undefined],
] as const)(
  'a checkout of %s is refused, with the place and the reason',
  async (_, body, status, code, pointer) => {
    await expectRefused(
      '/v1/checkouts',
      { body, headers: { 'content-type': 'application/json' } },
      status,
      code,
      pointer,
    );
  },
);

it.each([
  ['no payment method', {}, '/payment_method'],
  ['a payment method that is a number', { payment_method: 7 }, '/payment_method'],
  ['an initiator nobody knows', { payment_method: 'pm_card_visa', initiator: 'me' }, '/initiator'],
  [
    'an address that is none',
    { payment_method: 'pm_card_visa', signals: { device: { ip: '1.2.3' } } },
    '/signals/device/ip',
  ],
  [
    'a time in the future',
    { payment_method: 'pm_card_visa', signals: { occurred_at: '2999-01-01T00:00:00Z' } },
    '/signals/occurred_at',
  ],
  [
    'a time before all clocks',
    { payment_method: 'pm_card_visa', signals: { occurred_at: '0000-01-01T00:00:00Z' } },
    '/signals/occurred_at',
  ],
])('a confirm with %s is refused and charges nothing', async (_, body, pointer) => {
  await expectRefused(`/v1/checkouts/${checkout}/confirm`, { body }, 422, 'input_invalid', pointer);
});

it('only a server may say when a confirm happened', async () => {
  const created = await shop.call('POST', '/v1/checkouts', { body: { amount: 1299, currency: 'EUR' } });
  const path = `/v1/checkouts/${String(created.body['id'])}/confirm`;
  const headers = { 'tillgate-client-secret': String(created.body['client_secret']) };
  const body = { payment_method: 'pm_card_visa', signals: { occurred_at: '2009-01-01T00:00:00Z' } };
  const key = shop.keys.publishableKey;
  await expectRefused(path, { body, key, headers }, 422, 'input_invalid', '/signals/occurred_at');
});

it.each([
  ['more than is authorised', { amount: 1300, currency: 'EUR' }, 422, 'capture_above_authorized', '/amount'],
  ['another currency', { amount: 1299, currency: 'USD' }, 422, 'currency_mismatch', '/currency'],
  ['an amount without a currency', { amount: 100 }, 422, 'input_invalid', '/currency'],
  ['a currency without an amount', { currency: 'EUR' }, 422, 'input_invalid', '/amount'],
  ['nothing of it', { amount: 0, currency: 'EUR' }, 422, 'input_invalid', '/amount'],
])('a capture of %s is refused and moves nothing', async (_, body, status, code, pointer) => {
  await expectRefused(`/v1/orders/${order}/capture`, { body }, status, code, pointer);
});

it('a refund before the capture is refused', async () => {
  await expectRefused(`/v1/orders/${order}/refunds`, { body: {} }, 409, 'order_not_captured');
});

it.each([
  ['is missing', null, 'idempotency_key_missing'],
  ['has 256 characters [F3.5]', 'k'.repeat(256), 'idempotency_key_malformed'],
  ['is empty [F3.6]', '', 'idempotency_key_malformed'],
  ['is quoted and empty [F3.6]', '""', 'idempotency_key_malformed'],
  ['has a space in it', 'a key', 'idempotency_key_malformed'],
  ['is half quoted', '"key', 'idempotency_key_malformed'],
])('an Idempotency-Key that %s is refused', async (_, idempotencyKey, code) => {
  await expectRefused(
    '/v1/checkouts',
    { idempotencyKey, body: { amount: 1299, currency: 'EUR' } },
    400,
    code,
  );
});

it('another merchant finds nothing of this one’s', async () => {
  const ask = { key: shop.otherKeys.secretKey };
  const payment = order.replace('ord_', 'pay_');
  for (const path of [`/v1/checkouts/${checkout}`, `/v1/orders/${order}`, `/v1/payments/${payment}`])
    expect((await shop.call('GET', path, ask)).status).toBe(404);
  await expectRefused(
    `/v1/checkouts/${checkout}/confirm`,
    { ...ask, body: { payment_method: 'pm_card_visa' } },
    404,
    'not_found',
  );
  await expectRefused(`/v1/checkouts/${checkout}/cancel`, ask, 404, 'not_found');
  for (const verb of ['capture', 'cancel', 'refunds'])
    await expectRefused(`/v1/orders/${order}/${verb}`, ask, 404, 'not_found');
  const review = order.replace('ord_', 'rev_');
  for (const verb of ['approve', 'reject'])
    await expectRefused(`/v1/reviews/${review}/${verb}`, ask, 404, 'not_found');
  const heard = await shop.events(ask);
  expect(heard.filter(({ type }) => type !== 'policy.activated')).toEqual([]);
});

it.each([
  ['a wrong secret', 'cs_wrong'],
  ['another checkout’s secret', null],
])('a browser with %s may not pay', async (_, wrong) => {
  const other = await shop.call('POST', '/v1/checkouts', { body: { amount: 1, currency: 'EUR' } });
  const secret = wrong ?? String(other.body['client_secret']);
  const ask = { key: shop.keys.publishableKey, headers: { 'tillgate-client-secret': secret } };
  await expectRefused(
    `/v1/checkouts/${checkout}/confirm`,
    { ...ask, body: { payment_method: 'pm_card_visa' } },
    404,
    'not_found',
  );
});

it('an id that is malformed names nothing', async () => {
  for (const id of ['chk_', 'chk_1', newId('ord'), `${checkout}x`, '..', '%2e%2e', "chk_' or 1=1 --"]) {
    const { status } = await shop.call('GET', `/v1/checkouts/${encodeURIComponent(id)}`);
    expect([id, status]).toEqual([id, 404]);
  }
});

it('a field of another type is not called missing', async () => {
  const { body } = await shop.call('POST', '/v1/checkouts', {
    body: { amount: 12.99, customer: { email: 7 } },
  });
  const errors = (body['errors'] as { pointer: string; code: string }[]).map(({ pointer, code }) => [
    pointer,
    code,
  ]);
  expect(errors).toEqual(
    expect.arrayContaining([
      ['/amount', 'wrong_type'],
      ['/currency', 'missing'],
      ['/customer/email', 'wrong_type'],
    ]),
  );
});
