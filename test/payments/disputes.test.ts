import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../harness/service.ts';
import { type Paid, type TwoPsps, adyenCard, orderOf, pspReferenceOf, startWithTwoPsps } from './two-psps.ts';

let shop: TwoPsps;
beforeAll(async () => {
  shop = await startWithTwoPsps();
});
afterAll(() => shop.close());

/** Waits until the order's dispute is in this state. */
async function dispute(order: string, status: string): Promise<Record<string, unknown>> {
  return eventually(async () => {
    const { body } = await shop.call('GET', '/v1/disputes');
    const found = (body['disputes'] as Record<string, unknown>[]).find((each) => each['order'] === order);
    return found?.['status'] === status && found;
  });
}

async function labelsOf(order: string): Promise<Record<string, unknown>[]> {
  const { body } = await shop.call('GET', '/v1/labels');
  return (body['labels'] as Record<string, unknown>[]).filter((each) => each['order'] === order);
}

async function balanceOf(order: string): Promise<Record<string, number>> {
  const checkout = order.replace('ord_', 'chk_');
  const rows = await shop.query(`select account, sum(amount)::int as balance from (
      select debit as account, amount from postings where checkout_id = '${checkout}'
      union all select credit, -amount from postings where checkout_id = '${checkout}') as sides
    group by account having sum(amount) <> 0`);
  return Object.fromEntries(rows.map(({ account, balance }) => [account, balance])) as Record<string, number>;
}

async function chargeOf(paid: Paid): Promise<string> {
  const response = await fetch(`${shop.stripeUrl}/v1/payment_intents/${pspReferenceOf(paid)}`, {
    headers: { authorization: `Bearer ${shop.env['STRIPE_SECRET_KEY'] ?? ''}` },
  });
  return ((await response.json()) as { latest_charge: string }).latest_charge;
}

it('a Stripe dispute is opened with its deadline, holds the money back, labels the buyer, and is lost', async () => {
  const paid = await shop.pay({ payment_method: 'pm_card_visa' });
  const order = orderOf(paid);
  const charge = await chargeOf(paid);
  await shop.script('POST', `charges/${charge}/dispute`, { reason: 'fraudulent' });
  const opened = await dispute(order, 'opened');
  expect(opened).toMatchObject({
    amount: 1299,
    fraud: true,
    inquiry: false,
    evidence_due_at: expect.any(String),
  });
  expect(await balanceOf(order)).toEqual({ disputes: 1299, sales: -1299 });
  expect(await labelsOf(order)).toMatchObject([{ fraud: true, source: 'dispute', strength: 'strong' }]);

  await shop.script('POST', `disputes/${opened['psp_reference'] as string}/close`, { status: 'lost' });
  await dispute(order, 'lost');
  expect(await balanceOf(order)).toEqual({});
  expect(await shop.eventsOf(order)).toEqual([
    'order.created',
    'order.captured',
    'dispute.opened',
    'dispute.lost',
  ]);
});

it('a Stripe dispute that is won brings the money back and takes the label back', async () => {
  const paid = await shop.pay({ payment_method: 'pm_card_visa' });
  const order = orderOf(paid);
  const { psp_reference } = (await (async () => {
    await shop.script('POST', `charges/${await chargeOf(paid)}/dispute`, { reason: 'fraudulent' });
    return dispute(order, 'opened');
  })()) as { psp_reference: string };
  await shop.script('POST', `disputes/${psp_reference}/close`, { status: 'won' });
  await dispute(order, 'won');
  expect(await balanceOf(order)).toEqual({ 'psp:stripe:default': 1299, sales: -1299 });
  expect(await labelsOf(order)).toMatchObject([
    { fraud: true, strength: 'strong' },
    { fraud: false, strength: 'weak' },
  ]);
});

it('an Adyen chargeback goes from the notice over the chargeback to the end', async () => {
  const paid = await shop.pay({ payment_methods: { adyen: adyenCard() } });
  const order = orderOf(paid);
  const play = (event: string) => shop.adyen('POST', `payments/${pspReferenceOf(paid)}/${event}`);
  await play('notification_of_chargeback');
  expect(await dispute(order, 'opened')).toMatchObject({ inquiry: true });
  expect(await balanceOf(order)).toEqual({ 'psp:adyen:TillgateECOM': 1299, sales: -1299 });
  await play('chargeback');
  await eventually(async () => (await dispute(order, 'opened'))['inquiry'] === false);
  expect(await balanceOf(order)).toEqual({ disputes: 1299, sales: -1299 });
  await play('chargeback_reversed');
  await dispute(order, 'won');
  expect(await balanceOf(order)).toEqual({ 'psp:adyen:TillgateECOM': 1299, sales: -1299 });
  await play('second_chargeback');
  await dispute(order, 'lost');
  expect(await balanceOf(order)).toEqual({});
});

it('an issuer’s fraud report is told and labels the buyer once, however often it comes', async () => {
  const paid = await shop.pay({ payment_method: 'pm_card_visa' });
  const order = orderOf(paid);
  const charge = await chargeOf(paid);
  await shop.script('POST', `charges/${charge}/early_fraud_warning`, { fraud_type: 'made_with_stolen_card' });
  await eventually(async () => (await labelsOf(order)).length > 0);
  await shop.script('POST', `charges/${charge}/early_fraud_warning`, { fraud_type: 'misc' });
  const { body } = await shop.call('GET', '/v1/deliveries');
  expect(body['deliveries']).toContainEqual(expect.objectContaining({ about: 'fraud', status: 'processed' }));
  expect(await labelsOf(order)).toMatchObject([{ fraud: true, source: 'fraud_report', strength: 'strong' }]);
  expect((await shop.eventsOf(order)).filter((type) => type === 'payment.fraud_reported')).toHaveLength(1);
});

it('a refund as fraudulent is a weaker label than a dispute', async () => {
  const paid = await shop.pay({ payment_method: 'pm_card_visa' });
  const order = orderOf(paid);
  await shop.call('POST', `/v1/orders/${order}/refunds`, { body: { reason: 'fraudulent' } });
  expect(await labelsOf(order)).toMatchObject([{ fraud: true, source: 'refund', strength: 'weak' }]);
});

it('the shop labels an order itself, once for each key', async () => {
  const paid = await shop.pay({ payment_method: 'pm_card_visa' });
  const order = orderOf(paid);
  const ask = {
    idempotencyKey: 'label-1',
    body: { order, fraud: true, strength: 'strong', known_at: '2026-01-01T00:00:00Z' },
  };
  const first = await shop.call('POST', '/v1/labels', ask);
  expect(first.status).toBe(201);
  expect(first.body).toMatchObject({ order, source: 'api', known_at: '2026-01-01T00:00:00.000Z' });
  expect((await shop.call('POST', '/v1/labels', ask)).text).toBe(first.text);
  expect(await labelsOf(order)).toHaveLength(1);
  const foreign = { key: shop.otherKeys.secretKey, body: { order, fraud: true } };
  expect((await shop.call('POST', '/v1/labels', foreign)).status).toBe(404);
});

it('a dispute during a refund leaves both recorded and the books balanced [F12.5]', async () => {
  const paid = await shop.pay({ payment_method: 'pm_card_visa' });
  const order = orderOf(paid);
  const charge = await chargeOf(paid);
  const [refunded] = await Promise.all([
    shop.call('POST', `/v1/orders/${order}/refunds`, { body: { amount: 300, currency: 'EUR' } }),
    shop.script('POST', `charges/${charge}/dispute`, { reason: 'product_not_received' }),
  ]);
  expect(refunded.status).toBe(200);
  expect(await dispute(order, 'opened')).toMatchObject({ fraud: false });
  expect(await labelsOf(order)).toEqual([]);
  expect((await shop.audit()).violations).toEqual([]);
});
