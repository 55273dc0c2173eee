import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type TestService, eventually, startTestService } from '../harness/service.ts';
import { card, openCheckout, paidOrder } from '../http/routes/operations.ts';

let shop: TestService;
beforeAll(async () => {
  shop = await startTestService({ env: { PSP_TIMEOUT_MS: '1000' } });
});
afterEach(() => shop.noFaults());
afterAll(async () => {
  expect(await shop.audit()).toMatchObject({ violations: [] });
  await shop.close();
});

const confirm = async (): Promise<{ checkout: string; status: string }> => {
  const checkout = await openCheckout(shop);
  const reply = await shop.call('POST', `/v1/checkouts/${checkout}/confirm`, { body: card });
  expect(reply.status).toBe(200);
  return { checkout, status: String(reply.body['status']) };
};

/** Asks as a shop would, until the checkout has left `processing`. */
const settled = (checkout: string) =>
  eventually(async () => {
    const { body } = await shop.call('GET', `/v1/checkouts/${checkout}`);
    return body['status'] === 'processing' ? null : String(body['status']);
  });

const charges = async (checkout: string): Promise<number[]> =>
  (await shop.ledger())
    .filter(({ metadata }) => metadata['tillgate_checkout'] === checkout)
    .flatMap(({ authorisations }) => authorisations);

const creating = { match: { method: 'POST', path: '/v1/payment_intents' } };

describe('the PSP charges and then', () => {
  it.each([
    ['says nothing [F2.1]', { do: 'hang', ms: 2000 }],
    ['says 500 [F2.2]', { do: 'error' }],
    ['hangs up in mid-answer [F2.3]', { do: 'reset_in_body' }],
    ['hangs up without an answer', { do: 'reset' }],
    ['sends half a document [F2.4]', { do: 'truncate' }],
    ['sends a web page [F2.5]', { do: 'html' }],
    ['sends elsewhere [F2.10]', { do: 'redirect', location: '/v1/charges' }],
    ['drips its answer for longer than anybody waits [F2.11]', { do: 'drip', ms: 3000 }],
    ['names another payment of another shop [F2.9]', { do: 'alter', set: { id: 'pi_other', metadata: {} } }],
  ])('%s: the outcome is unknown, is asked about, and is settled', async (_, fault) => {
    await shop.fault({ ...creating, when: 'after', ...fault });
    const { checkout, status } = await confirm();
    expect(status).toBe('processing');
    expect(await settled(checkout)).toBe('completed');
    expect(await charges(checkout)).toEqual([1299]);
  });
});

describe('the PSP does not charge and', () => {
  it.each([
    ['says nothing', { do: 'hang', ms: 2000 }],
    ['says 500', { do: 'error' }],
    ['hangs up', { do: 'reset' }],
  ])('%s: the same call is made again, and charges once', async (_, fault) => {
    await shop.fault({ ...creating, when: 'before', ...fault });
    const { checkout, status } = await confirm();
    expect(status).toBe('processing');
    expect(await settled(checkout)).toBe('completed');
    expect(await charges(checkout)).toEqual([1299]);
  });

  it('says 429: nothing was charged, and the checkout is open for another try [F2.6]', async () => {
    await shop.fault({ ...creating, do: 'rate_limit' });
    const { checkout, status } = await confirm();
    expect([status, await charges(checkout)]).toEqual(['open', []]);
    const again = await shop.call('POST', `/v1/checkouts/${checkout}/confirm`, { body: card });
    expect([again.body['status'], await charges(checkout)]).toEqual(['completed', [1299]]);
  });
});

it.each([
  ['another amount [F2.7][F2.12]', { amount: 1 }],
  ['another currency [F2.8][F2.12]', { currency: 'usd' }],
  ['another captured amount [F2.7][F2.12]', { amount_received: 1 }],
])('a success of %s is quarantined, is never called paid, and nothing moves after it', async (_, set) => {
  await shop.fault({ ...creating, do: 'alter', set });
  const { checkout, status } = await confirm();
  const { body } = await shop.call('GET', `/v1/checkouts/${checkout}`);
  expect([status, body['payment'], body['order']]).toMatchObject([
    'processing',
    { status: 'quarantined', captured: 0 },
    { status: 'pending' },
  ]);
  const order = (body['order'] as { id: string }).id;
  const refund = await shop.call('POST', `/v1/orders/${order}/refunds`, { body: {} });
  expect(refund.body['code']).toBe('payment_quarantined');
});

describe('a capture that the PSP makes and then', () => {
  it.each([
    ['does not answer', { do: 'hang', ms: 2000 }],
    ['calls a failure of its own', { do: 'error' }],
    ['answers with half a document', { do: 'truncate' }],
  ])('%s is found out, and taken once', async (_, fault) => {
    const order = await paidOrder(shop, { capture_mode: 'manual' });
    await shop.fault({ match: { method: 'POST', path: '/v1/payment_intents/*/capture' }, ...fault });
    const reply = await shop.call('POST', `/v1/orders/${order}/capture`, { body: {} });
    expect(reply.body['movements']).toMatchObject([{ kind: 'capture', status: 'unknown' }]);
    const done = await eventually(async () => {
      const { body } = await shop.call('GET', `/v1/orders/${order}`);
      return body['status'] === 'captured' && (body['payment'] as object);
    });
    expect(done).toMatchObject({ captured: 1299 });
    const [line] = (await shop.ledger()).filter(({ metadata }) => metadata['tillgate_order'] === order);
    expect(line?.captures).toEqual([1299]);
  });
});

it('a buyer who proves who they are has paid, and coming back twice changes nothing', async () => {
  const checkout = await openCheckout(shop);
  const reply = await shop.call('POST', `/v1/checkouts/${checkout}/confirm`, {
    body: { payment_method: 'pm_card_threeDSecure2Required' },
  });
  expect(reply.body['status']).toBe('requires_action');
  const { url } = reply.body['next_action'] as { url: string };
  const page = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ result: 'succeeded' }),
  });
  const back = page.headers.get('location') ?? '';
  for (let times = 0; times < 2; times += 1) expect((await fetch(back)).status).toBe(200);
  expect(await settled(checkout)).toBe('completed');
  expect(await charges(checkout)).toEqual([1299]);
});
