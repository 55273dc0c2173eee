import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { standInAdyen } from '../../src/cli/stand-in-psps.ts';
import { eventually } from '../harness/service.ts';
import { type Paid, type TwoPsps, adyenCard, orderOf, pspReferenceOf, startWithTwoPsps } from './two-psps.ts';

/** What a person does to a payment in the PSP's own dashboard, beside this service. */
let shop: TwoPsps;
beforeAll(async () => {
  shop = await startWithTwoPsps();
});
afterAll(async () => {
  expect((await shop.audit()).violations).toEqual([]);
  await shop.close();
});

async function inStripesDashboard(path: string, form: Readonly<Record<string, string>>): Promise<void> {
  const answer = await fetch(`${shop.stripeUrl}/v1/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${shop.env['STRIPE_SECRET_KEY'] ?? ''}` },
    body: new URLSearchParams(form),
  });
  expect(answer.status).toBe(200);
}

async function inAdyensCustomerArea(paid: Paid, what: string, body: object = {}): Promise<void> {
  const answer = await fetch(`${shop.adyenUrl}/v72/payments/${pspReferenceOf(paid)}/${what}`, {
    method: 'POST',
    headers: { 'x-api-key': standInAdyen.apiKey, 'content-type': 'application/json' },
    body: JSON.stringify({ merchantAccount: standInAdyen.account, reference: 'by hand', ...body }),
  });
  expect(answer.status).toBe(201);
}

const order = async (paid: Paid) => (await shop.call('GET', `/v1/orders/${orderOf(paid)}`)).body;
const atStripe = { payment_method: 'pm_card_visa' };
const atAdyen = { payment_methods: { adyen: adyenCard() } };

describe('reserved money that is given back by hand', () => {
  it.each<[string, object, (paid: Paid) => Promise<unknown>]>([
    [
      'canceled at Stripe',
      atStripe,
      (paid) => inStripesDashboard(`payment_intents/${pspReferenceOf(paid)}/cancel`, {}),
    ],
    ['canceled at Adyen', atAdyen, (paid) => inAdyensCustomerArea(paid, 'cancels')],
    ['reversed at Adyen', atAdyen, (paid) => inAdyensCustomerArea(paid, 'reversals')],
    [
      'turned down by Adyen’s own review',
      atAdyen,
      (paid) => shop.adyen('POST', `payments/${pspReferenceOf(paid)}/review_reject`, {}),
    ],
  ])('%s: the order is canceled, and nobody captures it', async (_, body, giveBack) => {
    const paid = await shop.pay(body, { capture_mode: 'manual' });
    await giveBack(paid);
    await eventually(async () => (await order(paid))['status'] === 'canceled');
    expect((await order(paid))['payment']).toMatchObject({ status: 'canceled', captured: 0 });
    expect(await shop.eventsOf(orderOf(paid))).toEqual([
      'order.created',
      'order.authorized',
      'payment.expired',
      'order.canceled',
    ]);
    const capture = await shop.call('POST', `/v1/orders/${orderOf(paid)}/capture`, { body: {} });
    expect(capture.body['code']).toBe('order_already_canceled');
  });
});

const refunds = async (paid: Paid) =>
  ((await order(paid))['movements'] as { kind: string; status: string; amount: number }[]).filter(
    ({ kind }) => kind === 'refund',
  );

type AtPsp = {
  readonly body: object;
  readonly refund: (paid: Paid, amount: number) => Promise<void>;
  /** The bank of the card's holder does not take the refund. */
  readonly fail: (paid: Paid) => Promise<unknown>;
};

const psps: readonly (readonly [string, AtPsp])[] = [
  [
    'Stripe',
    {
      body: atStripe,
      refund: (paid, amount) =>
        inStripesDashboard('refunds', { payment_intent: pspReferenceOf(paid), amount: String(amount) }),
      fail: async () => {
        const [row] = await shop.query("select psp_reference from movements where psp_key like 're_%'");
        return shop.script('POST', `refunds/${String(row?.['psp_reference'])}/fail`, {});
      },
    },
  ],
  [
    'Adyen',
    {
      body: atAdyen,
      refund: (paid, value) => inAdyensCustomerArea(paid, 'refunds', { amount: { value, currency: 'EUR' } }),
      fail: (paid) => shop.adyen('POST', `payments/${pspReferenceOf(paid)}/refund_failed`, {}),
    },
  ],
];

describe.each(psps)('taken money that is refunded by hand at %s', (_, psp) => {
  it('counts once, leaves less to refund here, and counts no more when it fails', async () => {
    const paid = await shop.pay(psp.body);
    expect(paid.body['status']).toBe('completed');
    await psp.refund(paid, 999);
    await eventually(async () => (await refunds(paid)).length > 0);
    expect(await order(paid)).toMatchObject({
      status: 'captured',
      payment: { captured: 1299, refunded: 999 },
    });
    const over = { body: { amount: 301, currency: 'EUR' } };
    const refused = await shop.call('POST', `/v1/orders/${orderOf(paid)}/refunds`, over);
    expect(refused.body['code']).toBe('refund_above_captured');

    await psp.fail(paid);
    await eventually(async () => (await refunds(paid)).every(({ status }) => status === 'failed'));
    expect(await order(paid)).toMatchObject({ payment: { captured: 1299, refunded: 0 } });
    const told = await shop.eventsOf(orderOf(paid));
    expect(told.slice(2)).toEqual(['payment.refunded', 'payment.refund_failed']);
    await eventually(async () => {
      const [row] = await shop.query("select count(*)::int as n from deliveries where state = 'received'");
      return row?.['n'] === 0;
    });
    expect(await refunds(paid)).toHaveLength(1);
  });
});
