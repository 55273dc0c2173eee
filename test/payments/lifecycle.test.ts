import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Reply, eventually } from '../harness/service.ts';
import { type Paid, type TwoPsps, adyenCard, orderOf, pspReferenceOf, startWithTwoPsps } from './two-psps.ts';

let shop: TwoPsps;
beforeAll(async () => {
  shop = await startWithTwoPsps();
});
afterEach(() => shop.noFaults());
afterAll(async () => {
  expect((await shop.audit()).violations).toEqual([]);
  await shop.close();
});

const reserve = (more: object = {}, body: object = { payment_method: 'pm_card_visa' }) =>
  shop.pay(body, { capture_mode: 'manual', ...more });

function move(paid: Paid, what: string, body: object = {}): Promise<Reply> {
  return shop.call('POST', `/v1/orders/${orderOf(paid)}/${what}`, { body });
}

const amountOf = (amount: number, more: object = {}) => ({ amount, currency: 'EUR', ...more });

async function order(paid: Paid): Promise<Record<string, unknown>> {
  return (await shop.call('GET', `/v1/orders/${orderOf(paid)}`)).body;
}

const eventsOf = (paid: Paid): Promise<string[]> => shop.eventsOf(orderOf(paid));

describe('captures', () => {
  it('come in parts until the final one, and never above what is authorised', async () => {
    const paid = await reserve();
    expect((await move(paid, 'capture', amountOf(300, { final: false }))).body).toMatchObject({
      status: 'authorized',
    });
    expect((await move(paid, 'capture', amountOf(1000))).body).toMatchObject({
      code: 'capture_above_authorized',
    });
    expect((await move(paid, 'capture', amountOf(400))).body).toMatchObject({
      status: 'captured',
      payment: { captured: 700 },
    });
    expect((await move(paid, 'capture', amountOf(1))).body).toMatchObject({ code: 'order_already_captured' });
    expect((await move(paid, 'cancel')).body).toMatchObject({ code: 'order_already_captured' });
  });

  it('that are due happen by themselves', async () => {
    const paid = await reserve({ capture_after_s: 1 });
    expect(paid.body).toMatchObject({ status: 'completed', order: { status: 'authorized' } });
    await eventually(async () => (await order(paid))['status'] === 'captured');
    expect(await eventsOf(paid)).toEqual([
      'order.created',
      'order.authorized',
      'payment.captured',
      'order.captured',
    ]);
  });

  it('of a canceled order, in another currency, or of money in a void are refused by name', async () => {
    const paid = await reserve();
    expect((await move(paid, 'capture', { amount: 5, currency: 'USD' })).body).toMatchObject({
      code: 'currency_mismatch',
    });
    await move(paid, 'cancel');
    expect((await move(paid, 'capture')).body).toMatchObject({ code: 'order_already_canceled' });
  });
});

describe('increments', () => {
  it.each([
    ['Stripe', { payment_method: 'pm_card_visa' }],
    ['Adyen', { payment_methods: { adyen: adyenCard() } }],
  ])('at %s add up, and what was added can be captured', async (_, body) => {
    const paid = await reserve({}, body);
    await move(paid, 'increment', amountOf(500));
    await eventually(async () => (await order(paid))['amount'] === 1799);
    await move(paid, 'increment', amountOf(200));
    const grown = await eventually(async () => {
      const now = await order(paid);
      return now['amount'] === 1999 && now;
    });
    expect(grown).toMatchObject({ payment: { authorized: 1999 } });
    await move(paid, 'capture');
    await eventually(async () => (await order(paid))['status'] === 'captured');
    expect(await order(paid)).toMatchObject({ payment: { captured: 1999 } });
  });
});

describe('increments at once', () => {
  it.each([
    ['Stripe', { payment_method: 'pm_card_visa' }],
    ['Adyen', { payment_methods: { adyen: adyenCard() } }],
  ])('ten at %s: what the order counts is what is authorised there', async (_, body) => {
    const paid = await reserve({}, body);
    const asked = Array.from({ length: 10 }, (__, n) => move(paid, 'increment', amountOf(100 + n)));
    const answers = await Promise.all(asked);
    await eventually(async () => {
      const { movements } = (await order(paid)) as { movements: { status: string }[] };
      return movements.every(({ status }) => status === 'succeeded');
    });
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    const here = (await order(paid))['amount'];
    const [line] = (await shop.ledgers()).filter(({ reference }) => reference === pspReferenceOf(paid));
    expect([line?.authorised, here]).toEqual([here, here]);
    expect((await move(paid, 'capture')).body['code']).toBeUndefined();
    await eventually(async () => (await order(paid))['status'] === 'captured');
  });
});

describe('an authorisation', () => {
  it.each([
    [
      'Stripe',
      { payment_method: 'pm_card_visa' },
      (it: Paid) => shop.script('POST', `payment_intents/${pspReferenceOf(it)}/expire`),
    ],
    [
      'Adyen',
      { payment_methods: { adyen: adyenCard() } },
      (it: Paid) => shop.adyen('POST', `payments/${pspReferenceOf(it)}/expire`),
    ],
  ] as const)(
    'that lapses at %s cancels the order and says so, and is not captured after [F12.1]',
    async (_, body, expire) => {
      const paid = await reserve({}, body);
      await expire(paid);
      await eventually(async () => (await order(paid))['status'] === 'canceled');
      expect(await eventsOf(paid)).toEqual([
        'order.created',
        'order.authorized',
        'payment.expired',
        'order.canceled',
      ]);
      expect((await move(paid, 'capture')).body).toMatchObject({ code: 'order_already_canceled' });
    },
  );
});

describe('a capture of an authorisation that has lapsed, which nobody has told us', () => {
  const atStripe = {
    hold: () => shop.script('POST', 'webhooks', { hold: true }),
    release: () => shop.script('POST', 'webhooks', { hold: false, release: true }),
    expire: (paid: Paid) => shop.script('POST', `payment_intents/${pspReferenceOf(paid)}/expire`),
  };
  const atAdyen = {
    hold: () => shop.adyen('POST', 'webhooks', { hold: true }),
    release: () => shop.adyen('POST', 'webhooks', { hold: false }),
    expire: (paid: Paid) => shop.adyen('POST', `payments/${pspReferenceOf(paid)}/expire`),
  };

  it.each([
    ['Stripe', { payment_method: 'pm_card_visa' }, atStripe],
    ['Adyen', { payment_methods: { adyen: adyenCard() } }, atAdyen],
  ] as const)('at %s takes nothing and fails by name [F12.1]', async (_, body, psp) => {
    const paid = await reserve({}, body);
    await psp.hold();
    await psp.expire(paid);
    await move(paid, 'capture');
    await psp.release();
    await eventually(async () => (await order(paid))['status'] === 'canceled');
    expect(await order(paid)).toMatchObject({ payment: { status: 'canceled', captured: 0 } });
    // Two webhooks say it, and either may be applied first.
    await eventually(async () => (await eventsOf(paid)).includes('payment.capture_failed'));
  });
});

describe('what Adyen takes back afterwards', () => {
  const atAdyen = { payment_methods: { adyen: adyenCard() } };
  const takeBack = (paid: Paid, what: string) =>
    shop.adyen('POST', `payments/${pspReferenceOf(paid)}/${what}`);
  const until = (paid: Paid, payment: object) =>
    eventually(async () => {
      const now = (await order(paid))['payment'] as Record<string, unknown>;
      return Object.entries(payment).every(([field, value]) => now[field] === value);
    });

  it('a capture with the authorisation counts no more, and the order waits for a person', async () => {
    const paid = await shop.pay(atAdyen);
    expect(paid.body).toMatchObject({ payment: { status: 'captured', captured: 1299 } });
    await takeBack(paid, 'capture_failed');
    await until(paid, { status: 'quarantined', captured: 0 });
    expect(await eventsOf(paid)).toEqual([
      'order.created',
      'order.captured',
      'payment.capture_failed',
      'payment.quarantined',
    ]);
  });

  it('a part that was captured can be captured again', async () => {
    const paid = await reserve({}, atAdyen);
    await move(paid, 'capture', amountOf(300, { final: false }));
    await until(paid, { captured: 300 });
    await takeBack(paid, 'capture_failed');
    await until(paid, { status: 'authorized', captured: 0 });
    await move(paid, 'capture', amountOf(300, { final: false }));
    await until(paid, { captured: 300 });
  });

  it('a refund counts no more, and can be made again', async () => {
    const paid = await shop.pay(atAdyen);
    await move(paid, 'refunds');
    await until(paid, { refunded: 1299 });
    await takeBack(paid, 'refund_failed');
    await until(paid, { refunded: 0 });
    await move(paid, 'refunds');
    await until(paid, { refunded: 1299 });
  });
});

describe('ten at once', () => {
  it('capture and cancel: one of the two wins [F12.2]', async () => {
    const paid = await reserve();
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, n) => move(paid, n % 2 === 0 ? 'capture' : 'cancel')),
    );
    expect(all.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(['captured', 'canceled']).toContain((await order(paid))['status']);
  });

  it('refunds of everything: one wins [F12.4]', async () => {
    const paid = await shop.pay({ payment_method: 'pm_card_visa' });
    const all = await Promise.all(Array.from({ length: 10 }, () => move(paid, 'refunds')));
    expect(all.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await order(paid)).toMatchObject({ payment: { refunded: 1299 } });
  });

  it('refunds while parts are captured never give back more than was taken [F12.3]', async () => {
    const paid = await reserve();
    await move(paid, 'capture', amountOf(300, { final: false }));
    const asks = Array.from({ length: 10 }, (_, n) =>
      n % 2 === 0
        ? move(paid, 'capture', amountOf(200, { final: false }))
        : move(paid, 'refunds', amountOf(200)),
    );
    await Promise.all(asks);
    const { payment } = (await order(paid)) as { payment: { captured: number; refunded: number } };
    expect(payment.refunded).toBeLessThanOrEqual(payment.captured);
    expect(payment.captured).toBeLessThanOrEqual(1299);
  });
});

it('whoever reads an order that a PSP has not settled has the PSP asked, once in a while', async () => {
  await shop.fault({ match: { path: '/v1/refunds' }, when: 'after', do: 'error', times: 1 });
  const paid = await shop.pay({ payment_method: 'pm_card_visa' });
  await move(paid, 'refunds');
  await shop.query(`update movements set ask_at = now() + interval '1 day', changed_at = changed_at - interval '5 seconds'
    where checkout_id = '${paid.body['id'] as string}' and kind = 'refund'`);
  expect(await order(paid)).toMatchObject({ payment: { refunded: 1299 } });
});
