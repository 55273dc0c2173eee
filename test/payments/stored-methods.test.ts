import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../harness/service.ts';
import { type TwoPsps, adyenCard, pspReferenceOf, startWithTwoPsps } from './two-psps.ts';

let shop: TwoPsps;
beforeAll(async () => {
  shop = await startWithTwoPsps();
});
afterAll(() => shop.close());

async function customer(): Promise<string> {
  const made = await shop.call('POST', '/v1/customers', { body: {} });
  expect(made.status).toBe(201);
  return made.body['id'] as string;
}

function keep(of: string, body: object, more: object = {}) {
  return shop.call('POST', `/v1/customers/${of}/payment-methods`, { body, ...more });
}

const returnUrl = 'https://shop.example/cards';

describe.each([
  ['Stripe', { payment_method: 'pm_card_visa' }, 'stripe'],
  ['Adyen', { payment_methods: { adyen: adyenCard() } }, 'adyen'],
] as const)('a card that %s keeps', (_, card, psp) => {
  it('is stored without a payment, and charged later with and without the buyer', async () => {
    const of = await customer();
    let kept = await keep(of, { ...card, return_url: returnUrl });
    if (kept.body['status'] === 'pending') kept = await passChallenge(of, kept.body);
    expect(kept.body).toMatchObject({
      status: 'stored',
      psp,
      card: { last4: expect.any(String) as unknown },
    });
    const method = kept.body['id'] as string;
    for (const initiator of ['buyer', 'merchant']) {
      const paid = await shop.pay({ payment_method: method, initiator }, { customer: { id: of } });
      expect(paid.body).toMatchObject({ status: 'completed', payment: { psp, captured: 1299 } });
    }
  });

  it('cannot be paid with by anybody else, nor once it is removed', async () => {
    const of = await customer();
    let kept = await keep(of, { ...card, return_url: returnUrl });
    if (kept.body['status'] === 'pending') kept = await passChallenge(of, kept.body);
    const method = kept.body['id'] as string;
    const other = await shop.pay({ payment_method: method }, { customer: { id: await customer() } });
    expect(other).toMatchObject({ status: 404 });
    expect(await shop.pay({ payment_method: method })).toMatchObject({ status: 404 });
    const path = `/v1/customers/${of}/payment-methods`;
    expect((await shop.call('DELETE', `${path}/${method}`)).body).toMatchObject({ status: 'removed' });
    expect(await shop.pay({ payment_method: method }, { customer: { id: of } })).toMatchObject({
      status: 404,
    });
    const { body } = await shop.call('GET', path);
    expect(body).toMatchObject({ payment_methods: [{ id: method, status: 'removed' }] });
  });
});

/** The buyer passes the challenge of an Adyen set-up. */
async function passChallenge(of: string, method: Record<string, unknown>) {
  const { details } = (await shop.adyen('POST', 'shopper', { reference: method['id'] })) as {
    details: Record<string, string>;
  };
  const path = `/v1/customers/${of}/payment-methods/${method['id'] as string}/complete`;
  return shop.call('POST', path, { body: { brought: details } });
}

it('a card whose issuer wants to see the buyer is stored when the buyer comes back, once', async () => {
  const of = await customer();
  const kept = await keep(of, { payment_method: 'pm_card_threeDSecure2Required', return_url: returnUrl });
  expect(kept.body).toMatchObject({ status: 'pending', next_action: { kind: 'redirect' } });
  const path = `/v1/customers/${of}/payment-methods/${kept.body['id'] as string}/complete`;
  expect((await shop.call('POST', path, { body: {} })).body).toMatchObject({ status: 'pending' });
  const [row] = await shop.query(
    `select psp_reference from payment_methods where id = '${kept.body['id'] as string}'`,
  );
  await shop.script('POST', `setup_intents/${row?.['psp_reference'] as string}/authenticate`, {});
  const first = await shop.call('POST', path, { body: {} });
  expect(first.body).toMatchObject({ status: 'stored', next_action: null });
  expect((await shop.call('POST', path, { body: {} })).body).toEqual(first.body);
});

it('a set-up that is repeated with its key is made once', async () => {
  const of = await customer();
  const ask = { idempotencyKey: 'keep-1' };
  const body = { payment_method: 'pm_card_visa', return_url: returnUrl };
  const all = await Promise.all(Array.from({ length: 10 }, () => keep(of, body, ask)));
  const ids = new Set(all.filter(({ status }) => status === 201).map((each) => each.body['id'] as string));
  expect(ids.size).toBe(1);
  const { body: listed } = await shop.call('GET', `/v1/customers/${of}/payment-methods`);
  expect(listed['payment_methods']).toHaveLength(1);
});

it('a payment without the buyer carries the network transaction id of the agreement', async () => {
  const paid = await shop.pay({
    payment_methods: { adyen: adyenCard() },
    initiator: 'merchant',
    network_transaction_id: '123456789012345',
  });
  expect(pspReferenceOf(paid)).not.toBe('');
  const [row] = await shop.query(
    `select request from attempts where checkout_id = '${paid.body['id'] as string}'`,
  );
  expect(row).toMatchObject({
    request: {
      initiator: 'merchant',
      networkTransactionId: '123456789012345',
      exemption: 'merchant_initiated',
    },
  });
});

it('a method that is removed is forgotten by its PSP, also when the PSP was away at first', async () => {
  const of = await customer();
  const kept = await keep(of, { payment_method: 'pm_card_visa' });
  expect(kept.body).toMatchObject({ status: 'stored' });
  const id = kept.body['id'] as string;
  const [stored] = await shop.query(
    `select detail->>'token' as token from payment_methods where id = '${id}'`,
  );
  const atStripe = async (): Promise<unknown> => {
    const response = await fetch(`${shop.stripeUrl}/v1/payment_methods/${String(stored?.['token'])}`, {
      headers: { authorization: `Bearer ${shop.env['STRIPE_SECRET_KEY'] ?? ''}` },
    });
    return ((await response.json()) as { customer: unknown }).customer;
  };
  expect(await atStripe()).toEqual(expect.any(String));
  // As often as it is told: the official library tells it once more by itself where its connection was closed.
  const path = '/v1/payment_methods/*/detach';
  await shop.fault({ match: { path }, when: 'before', do: 'error', times: 100 });
  await shop.call('DELETE', `/v1/customers/${of}/payment-methods/${id}`);
  const due = async (): Promise<unknown> =>
    (await shop.query(`select detach_at - now() as wait from payment_methods where id = '${id}'`))[0]?.[
      'wait'
    ];
  // Workers look when they start; the PSP fails them, which leaves it for an hour later.
  await shop.restart();
  await eventually(async () => JSON.stringify(await due()).includes('minutes'));
  expect(await atStripe()).toEqual(expect.any(String));
  await fetch(`${shop.stripeUrl}/_sandbox/faults`, { method: 'DELETE' });
  // On a busy machine the PSP may be too slow for once, which leaves it for another hour.
  await eventually(async () => {
    await shop.query(
      `update payment_methods set detach_at = now() where id = '${id}' and detach_at is not null`,
    );
    await shop.restart();
    await sleep(500);
    return (await due()) === null;
  });
  expect(await atStripe()).toBeNull();
});

it('one reference names one customer', async () => {
  const ask = { body: { reference: 'ann' } };
  expect((await shop.call('POST', '/v1/customers', ask)).status).toBe(201);
  expect((await shop.call('POST', '/v1/customers', ask)).body).toMatchObject({ code: 'customer_exists' });
});
