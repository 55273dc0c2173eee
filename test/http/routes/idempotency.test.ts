import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { type Reply, type TestService, newId, startTestService } from '../../harness/service.ts';
import { dayMs } from '../../../src/kernel/instant.ts';
import { card, openCheckout, paidOrder } from './operations.ts';

let shop: TestService;
beforeAll(async () => {
  // On a busy machine the stand-in may need longer than tests of bad days wait for it.
  shop = await startTestService({ env: { PSP_TIMEOUT_MS: '5000', REQUEST_LEASE_MS: '7000' } });
});
afterAll(async () => {
  expect((await shop.audit()).violations).toEqual([]);
  await shop.close();
});

const confirm = (checkout: string, idempotencyKey: string, body: unknown = card): Promise<Reply> =>
  shop.call('POST', `/v1/checkouts/${checkout}/confirm`, { body, idempotencyKey });

const chargesOf = async (checkout: string): Promise<number[]> =>
  (await shop.ledger())
    .filter(({ metadata }) => metadata['tillgate_checkout'] === checkout)
    .flatMap(({ authorisations }) => authorisations);

function outcomes(replies: readonly Reply[]): Record<string, number> {
  const tally: Record<string, number> = {};
  for (const { status, body } of replies) {
    const name = status === 200 ? `200 ${String(body['status'])}` : `${status} ${String(body['code'])}`;
    tally[name] = (tally[name] ?? 0) + 1;
  }
  return tally;
}

it('the same request again gets the same bytes, and is marked', async () => {
  const checkout = await openCheckout(shop);
  const first = await confirm(checkout, 'again');
  const second = await confirm(checkout, 'again');
  expect([second.status, second.text]).toEqual([first.status, first.text]);
  expect([first, second].map(({ headers }) => headers.get('idempotent-replayed'))).toEqual([null, 'true']);
  expect(await chargesOf(checkout)).toEqual([1299]);
});

it('the same request with its path spelt otherwise is the same request', async () => {
  const order = await paidOrder(shop);
  const refund = (path: string) =>
    shop.call('POST', `/v1/orders/${path}/refunds`, {
      body: { amount: 100, currency: 'EUR' },
      idempotencyKey: 'spelt',
    });
  const first = await refund(order);
  const second = await refund(order.replace('ord_', '%6frd%5F'));
  expect([first.status, second.text]).toEqual([200, first.text]);
  expect(second.headers.get('idempotent-replayed')).toBe('true');
});

it('sixty-four at once with one key charge once [F3.1]', async () => {
  const checkout = await openCheckout(shop);
  const replies = await Promise.all(Array.from({ length: 64 }, () => confirm(checkout, 'storm')));
  const tally = outcomes(replies);
  expect(Object.keys(tally).filter((name) => !/^200 completed|409 request_in_flight/.test(name))).toEqual([]);
  expect(tally['200 completed']).toBeGreaterThanOrEqual(1);
  expect(await chargesOf(checkout)).toEqual([1299]);
  const after = await confirm(checkout, 'storm');
  const winners = replies.filter(({ status }) => status === 200).map(({ text }) => text);
  expect([...new Set(winners)]).toEqual([after.text]);
});

it('sixty-four creations at once with one key make one checkout [F3.1]', async () => {
  const body = { amount: 7, currency: 'EUR' };
  const replies = await Promise.all(
    Array.from({ length: 64 }, () => shop.call('POST', '/v1/checkouts', { body, idempotencyKey: 'one' })),
  );
  expect(new Set(replies.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
  expect(replies[0]?.status).toBe(201);
});

it('a double click in ten tabs, each with a key of its own, charges once [F3.11]', async () => {
  const checkout = await openCheckout(shop);
  const replies = await Promise.all(Array.from({ length: 10 }, () => confirm(checkout, newId('req'))));
  const tally = outcomes(replies);
  expect(tally['200 completed']).toBe(1);
  const late = (tally['409 checkout_processing'] ?? 0) + (tally['409 checkout_not_open'] ?? 0);
  expect(late).toBe(9);
  expect(await chargesOf(checkout)).toEqual([1299]);
});

it('ten captures at once, each with a key of its own, take the money once', async () => {
  const order = await paidOrder(shop, { capture_mode: 'manual' });
  const replies = await Promise.all(
    Array.from({ length: 10 }, () => shop.call('POST', `/v1/orders/${order}/capture`, { body: {} })),
  );
  expect(outcomes(replies)['200 captured']).toBe(1);
  const [line] = (await shop.ledger()).filter(({ metadata }) => metadata['tillgate_order'] === order);
  expect(line?.captures).toEqual([1299]);
});

it('capture and cancel at once: one of them has its way, and the money agrees [F12.2]', async () => {
  for (let round = 0; round < 5; round += 1) {
    const order = await paidOrder(shop, { capture_mode: 'manual' });
    const [captured, canceled] = await Promise.all([
      shop.call('POST', `/v1/orders/${order}/capture`, { body: {} }),
      shop.call('POST', `/v1/orders/${order}/cancel`),
    ]);
    expect([captured.status, canceled.status].toSorted()).toEqual([200, 409]);
  }
});

it('ten refunds of a third at once give back no more than was captured [F12.4]', async () => {
  const order = await paidOrder(shop, { amount: 3000 });
  const replies = await Promise.all(
    Array.from({ length: 10 }, () =>
      shop.call('POST', `/v1/orders/${order}/refunds`, { body: { amount: 1000, currency: 'EUR' } }),
    ),
  );
  expect(replies.filter(({ status }) => status === 200)).toHaveLength(3);
  const now = await shop.call('GET', `/v1/orders/${order}`);
  expect(now.body['payment']).toMatchObject({ captured: 3000, refunded: 3000 });
});

it('a key that comes back with another body is refused [F3.2]', async () => {
  const checkout = await openCheckout(shop);
  await confirm(checkout, 'reused');
  const again = await confirm(checkout, 'reused', { payment_method: 'pm_card_mastercard' });
  expect([again.status, again.body['code']]).toEqual([422, 'idempotency_key_reused']);
  expect(await chargesOf(checkout)).toEqual([1299]);
});

it('the same body in another order and with other spaces is the same request', async () => {
  const one = await shop.call('POST', '/v1/checkouts', {
    body: '{"amount":5,"currency":"EUR"}',
    idempotencyKey: 'spelt',
  });
  const two = await shop.call('POST', '/v1/checkouts', {
    body: '{ "currency": "EUR",\n  "amount": 5 }',
    idempotencyKey: 'spelt',
  });
  expect(two.text).toBe(one.text);
});

it('a key in quotes is the key without them [F3.7]', async () => {
  const checkout = await openCheckout(shop);
  const bare = await confirm(checkout, 'quotable');
  const quoted = await confirm(checkout, '"quotable"');
  expect([quoted.text, quoted.headers.get('idempotent-replayed')]).toEqual([bare.text, 'true']);
});

it('a key of 255 characters is taken', async () => {
  const checkout = await openCheckout(shop);
  expect((await confirm(checkout, 'k'.repeat(255))).status).toBe(200);
});

it('one key for two checkouts pays both: a key belongs to its resource [F3.4]', async () => {
  const [one, two] = [await openCheckout(shop), await openCheckout(shop)];
  const replies = [await confirm(one, 'shared'), await confirm(two, 'shared')];
  expect(replies.map(({ body }) => String(body['id']))).toEqual([one, two]);
  expect([await chargesOf(one), await chargesOf(two)]).toEqual([[1299], [1299]]);
});

it('one key of two merchants names two requests [F3.3]', async () => {
  const body = { amount: 9, currency: 'EUR' };
  const mine = await shop.call('POST', '/v1/checkouts', { body, idempotencyKey: 'ours' });
  const key = shop.otherKeys.secretKey;
  const theirs = await shop.call('POST', '/v1/checkouts', { body, idempotencyKey: 'ours', key });
  expect(theirs.body['id']).not.toBe(mine.body['id']);
});

it('a key whose reply was forgotten is a new request, which finds the checkout paid [F3.9]', async () => {
  const checkout = await openCheckout(shop);
  expect((await confirm(checkout, 'old')).status).toBe(200);
  await shop.query(
    `update requests set opened_at = opened_at - interval '3 days' where checkout_id = '${checkout}'`,
  );
  expect(await shop.store.requests.deleteRepliedBefore(Date.now() - 2 * dayMs)).toBe(2);
  const late = await confirm(checkout, 'old');
  expect([late.status, late.body['code']]).toEqual([409, 'checkout_not_open']);
  expect(await chargesOf(checkout)).toEqual([1299]);
});

it.each(['\r\n', '\n'])('a key with a line break never reaches the service whole [F3.8]: %j', async (end) => {
  const checkout = await openCheckout(shop);
  const { hostname, port } = new URL(shop.api);
  const socket = connect(Number(port), hostname);
  const body = JSON.stringify(card);
  socket.end(
    [
      `POST /v1/checkouts/${checkout}/confirm HTTP/1.1`,
      `Host: ${hostname}`,
      `Authorization: Bearer ${shop.keys.secretKey}`,
      'Content-Type: application/json',
      `Idempotency-Key: one${end} two`,
      'Connection: close',
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n'),
  );
  const answer = Buffer.concat(await socket.toArray()).toString();
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(await chargesOf(checkout)).toEqual([]);
});

it('a key whose request was refused may be used again', async () => {
  const order = await paidOrder(shop, { capture_mode: 'manual' });
  const capture = (amount: number): Promise<Reply> =>
    shop.call('POST', `/v1/orders/${order}/capture`, {
      body: { amount, currency: 'EUR' },
      idempotencyKey: 'second-chance',
    });
  expect((await capture(1300)).status).toBe(422);
  expect((await capture(1299)).status).toBe(200);
});
