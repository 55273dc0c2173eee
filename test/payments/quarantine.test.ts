import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { issueApiKey } from '../../src/flows/issue-api-key.ts';
import { standInAdyen } from '../../src/cli/stand-in-psps.ts';
import { attemptOf } from '../../src/invariants/ledger.ts';
import { showFigure } from '../harness/figure.ts';
import { type Reply, eventually, newId } from '../harness/service.ts';
import { type Paid, type TwoPsps, adyenCard, orderOf, pspReferenceOf, startWithTwoPsps } from './two-psps.ts';

let shop: TwoPsps;
beforeAll(async () => {
  shop = await startWithTwoPsps();
});
afterEach(() => shop.noFaults());
afterAll(async () => {
  await eventually(async () => {
    const [row] = await shop.query(`select count(*)::int as n from movements where ask_at is not null`);
    return row?.['n'] === 0;
  });
  const audit = await shop.audit();
  expect(audit.violations).toEqual([]);
  showFigure(`quarantine: ${audit.checked} payments resolved, ${audit.violations.length} invariants broken`);
  await shop.close();
});

const paymentOf = ({ body }: Paid) => (body['payment'] as { id: string }).id;

function resolve(paid: Paid, resolution: string, more: object = {}): Promise<Reply> {
  return shop.call('POST', `/v1/payments/${paymentOf(paid)}/resolve`, {
    body: { resolution, note: 'seen in the dashboard' },
    ...more,
  });
}

async function order(paid: Paid): Promise<Record<string, unknown>> {
  return (await shop.call('GET', `/v1/orders/${orderOf(paid)}`)).body;
}

type PaymentNow = { readonly status: string; readonly captured: number; readonly refunded: number };
const paymentNow = async (paid: Paid) => (await order(paid))['payment'] as PaymentNow;

const eventsOf = (paid: Paid): Promise<string[]> => shop.eventsOf(orderOf(paid));

/** What the PSPs' own books say of a payment. */
async function books(paid: Paid) {
  const reference = pspReferenceOf(paid);
  const lines = [
    ...(await shop.ledger()),
    ...((await shop.adyen('GET', 'ledger')) as Record<string, unknown>[]),
  ];
  const line = lines.find((each) => Object.values(each).includes(reference));
  const { authorised, captured, refunded, voided } = line as Record<string, unknown>;
  return { authorised, captured, refunded, voided };
}

const atStripe = { payment_method: 'pm_card_visa' };
const manual = { capture_mode: 'manual' };

/** Stripe takes 12.99 and says something else. */
async function misheard(set: object = { amount: 1 }, checkout: object = {}): Promise<Paid> {
  const paid = await shop.misheard(atStripe, checkout, set);
  expect(paid.body).toMatchObject({ status: 'processing', payment: { status: 'quarantined' } });
  return paid;
}

/** Adyen authorises the half of 12.98. */
async function halfAuthorised(checkout: object = {}): Promise<Paid> {
  const card = adyenCard('4111111111111111', 'PARTIALLY_AUTHORISED');
  const paid = await shop.pay({ payment_methods: { adyen: card } }, { amount: 1298, ...checkout });
  expect(paid.body).toMatchObject({ status: 'processing', payment: { status: 'quarantined' } });
  return paid;
}

/** A person captured 10.00 at Adyen under the name of our capture of 12.99, which never left. */
async function capturedOtherwise(amount = 1000): Promise<Paid> {
  const paid = await shop.pay({ payment_methods: { adyen: adyenCard() } }, manual);
  await shop.adyen('POST', 'faults', {
    match: { path: '/payments/*/captures' },
    when: 'before',
    do: 'rate_limit',
  });
  const asked = await shop.call('POST', `/v1/orders/${orderOf(paid)}/capture`, { body: {} });
  const [movement] = asked.body['movements'] as { id: string; status: string }[];
  expect(movement?.status).toBe('failed');
  await shop.adyen('DELETE', 'faults');
  await fetch(`${shop.adyenUrl}/v72/payments/${pspReferenceOf(paid)}/captures`, {
    method: 'POST',
    headers: { 'x-api-key': standInAdyen.apiKey, 'content-type': 'application/json' },
    body: JSON.stringify({
      merchantAccount: standInAdyen.account,
      reference: movement?.id,
      amount: { value: amount, currency: 'EUR' },
    }),
  });
  await eventually(async () => (await paymentNow(paid)).status === 'quarantined');
  return paid;
}

describe('what a person sees', () => {
  it('is what was asked for and what the PSP said, in the list and beside the journal', async () => {
    const paid = await halfAuthorised();
    const listed = await shop.call('GET', '/v1/quarantine');
    const { body } = await shop.call('GET', `/v1/payments/${paymentOf(paid)}`);
    const seen = (listed.body['payments'] as { id: string }[]).find(({ id }) => id === paymentOf(paid));
    expect(seen).toMatchObject({ order: orderOf(paid), contradictions: body['contradictions'] as unknown });
    expect(body['contradictions']).toMatchObject([
      {
        kind: 'authorization',
        because: 'asked for 1298 EUR, the PSP authorised 649 EUR',
        psp: 'adyen',
        psp_reference: pspReferenceOf(paid),
        expected: { amount: 1298, currency: 'EUR' },
        said: { amount: 649, currency: 'EUR' },
        said_captured: { amount: 649, currency: 'EUR' },
      },
    ]);
    await resolve(paid, 'return');
    const after = await shop.call('GET', '/v1/quarantine');
    expect(after.text).not.toContain(paymentOf(paid));
  });
});

describe('an authorisation that was misheard', () => {
  it.each(['ask', 'accept'])('%s: what the PSP says now fits, and pays the order', async (resolution) => {
    const paid = await misheard({ amount: 1 });
    expect((await resolve(paid, resolution)).body).toMatchObject({
      status: 'captured',
      payment: { status: 'captured', authorized: 1299, captured: 1299 },
    });
    expect(await eventsOf(paid)).toEqual([
      'order.created',
      'payment.quarantined',
      'order.captured',
      'payment.resolved',
    ]);
    const { body } = await shop.call('GET', `/v1/checkouts/${String(paid.body['id'])}`);
    expect(body['status']).toBe('completed');
  });

  it('return: what the PSP really took goes back, not what it said', async () => {
    const paid = await misheard({ amount_received: 1 });
    expect((await resolve(paid, 'return')).body).toMatchObject({
      status: 'canceled',
      payment: { status: 'canceled', captured: 0, refunded: 0 },
    });
    expect(await books(paid)).toMatchObject({ captured: 1299, refunded: 1299 });
    expect(await eventsOf(paid)).toEqual([
      'order.created',
      'payment.quarantined',
      'payment.resolved',
      'order.canceled',
      'payment.reversed',
    ]);
    const { body } = await shop.call('GET', `/v1/checkouts/${String(paid.body['id'])}`);
    expect(body['status']).toBe('canceled');
  });

  it('return: what is only reserved is let go', async () => {
    const paid = await misheard({ amount: 5000 }, manual);
    expect((await resolve(paid, 'return')).body).toMatchObject({ status: 'canceled' });
    expect(await books(paid)).toMatchObject({ captured: 0, voided: 1299 });
  });

  it('nothing is decided while the PSP is not heard, and the same key decides later', async () => {
    const paid = await misheard({ currency: 'usd' });
    const reading = { method: 'GET', path: '/v1/payment_intents/*' };
    await shop.fault({ match: reading, do: 'error', times: 1 });
    const key = newId('req');
    const silent = await resolve(paid, 'return', { idempotencyKey: key });
    expect([silent.status, silent.body['code']]).toEqual([503, 'psp_unavailable']);
    expect(await order(paid)).toMatchObject({ status: 'pending', payment: { status: 'quarantined' } });
    const done = await resolve(paid, 'return', { idempotencyKey: key });
    expect(done.body).toMatchObject({ status: 'canceled' });
    const again = await resolve(paid, 'return', { idempotencyKey: key });
    expect([again.text, again.headers.get('idempotent-replayed')]).toEqual([done.text, 'true']);
    expect(await books(paid)).toMatchObject({ captured: 1299, refunded: 1299 });
  });
});

describe('an authorisation of less than was asked for', () => {
  it('ask: the PSP says the same, the payment stays, and the journal knows who asked', async () => {
    const paid = await halfAuthorised();
    expect((await resolve(paid, 'ask')).body).toMatchObject({ payment: { status: 'quarantined' } });
    const { journal } = await shop.history(paid);
    expect((journal as object[]).at(-1)).toMatchObject({
      from: 'quarantined',
      to: 'quarantined',
      because: expect.stringMatching(/^ask by key_\w+: seen in the dashboard$/) as unknown,
    });
    expect((await resolve(paid, 'return')).status).toBe(200);
  });

  it('accept: the order is paid as far as it is', async () => {
    const paid = await halfAuthorised();
    expect((await resolve(paid, 'accept')).body).toMatchObject({
      status: 'captured',
      amount: 1298,
      payment: { status: 'captured', authorized: 649, captured: 649 },
    });
    const refund = await shop.call('POST', `/v1/orders/${orderOf(paid)}/refunds`, { body: {} });
    expect(refund.status).toBe(200);
    await eventually(async () => (await paymentNow(paid)).refunded === 649);
    expect(await books(paid)).toMatchObject({ captured: 649, refunded: 649 });
  });

  it('accept: what is reserved can be captured, and no more', async () => {
    const paid = await halfAuthorised(manual);
    expect((await resolve(paid, 'accept')).body).toMatchObject({
      status: 'authorized',
      payment: { status: 'authorized', authorized: 649 },
    });
    const path = `/v1/orders/${orderOf(paid)}/capture`;
    const much = await shop.call('POST', path, { body: { amount: 650, currency: 'EUR' } });
    expect(much.body['code']).toBe('capture_above_authorized');
    await shop.call('POST', path, { body: {} });
    await eventually(async () => (await paymentNow(paid)).captured === 649);
    expect(await eventsOf(paid)).toEqual([
      'order.created',
      'payment.quarantined',
      'order.authorized',
      'payment.resolved',
      'payment.captured',
      'order.captured',
    ]);
  });

  it('return: Adyen gives it back', async () => {
    const paid = await halfAuthorised();
    expect((await resolve(paid, 'return')).body).toMatchObject({ status: 'canceled' });
    await eventually(async () => (await eventsOf(paid)).includes('payment.reversed'));
    expect(await books(paid)).toMatchObject({ captured: 649, refunded: 649 });
  });
});

describe('a capture of another amount than ours', () => {
  it('accept: what was captured counts', async () => {
    const paid = await capturedOtherwise();
    expect((await shop.history(paid))['contradictions']).toMatchObject([
      { kind: 'capture', expected: { amount: 1299 }, said: { amount: 1000 } },
    ]);
    expect((await resolve(paid, 'accept')).body).toMatchObject({
      status: 'captured',
      payment: { status: 'captured', captured: 1000 },
    });
    expect((await eventsOf(paid)).slice(-3)).toEqual([
      'payment.captured',
      'order.captured',
      'payment.resolved',
    ]);
  });

  it('return: it goes back whole, and the order is over', async () => {
    const paid = await capturedOtherwise();
    expect((await resolve(paid, 'return')).body).toMatchObject({
      status: 'canceled',
      payment: { status: 'canceled', captured: 0 },
    });
    await eventually(async () => (await eventsOf(paid)).includes('payment.reversed'));
    expect(await books(paid)).toMatchObject({ captured: 1000, refunded: 1000 });
  });
});

describe('a capture that the scheme took back', () => {
  const takenBack = async (refund: boolean): Promise<Paid> => {
    const paid = await shop.pay({ payment_methods: { adyen: adyenCard() } });
    if (refund) {
      await shop.call('POST', `/v1/orders/${orderOf(paid)}/refunds`, { body: {} });
      await eventually(async () => (await paymentNow(paid)).refunded === 1299);
    }
    await shop.adyen('POST', `payments/${pspReferenceOf(paid)}/capture_failed`);
    await eventually(async () => (await paymentNow(paid)).status === 'quarantined');
    return paid;
  };

  it.each([
    ['', false],
    [' after its money was refunded', true],
  ])('%s is accepted: the order stands, and counts no money', async (_, refund) => {
    const paid = await takenBack(refund);
    expect((await resolve(paid, 'return')).body['code']).toBe('resolution_not_possible');
    expect((await resolve(paid, 'accept')).body).toMatchObject({
      status: 'captured',
      payment: { status: 'captured', captured: 0, refunded: 0 },
    });
    const [sales] =
      await shop.query(`select sum(case credit when 'sales' then amount else -amount end)::int as n
      from postings where checkout_id = '${String(paid.body['id'])}'`);
    expect(sales).toEqual({ n: refund ? -1299 : 0 });
    expect((await eventsOf(paid)).slice(-3)).toEqual([
      'payment.capture_failed',
      'payment.quarantined',
      'payment.resolved',
    ]);
  });
});

describe('an authorisation that Adyen never told of, and cannot be asked about any more', () => {
  /** Nobody hears the answer, and no webhook comes; then 21 hours pass. */
  const unheard = async (when: 'before' | 'after'): Promise<Paid> => {
    await shop.adyen('POST', 'webhooks', { hold: true });
    await shop.adyen('POST', 'faults', { match: { path: '/payments' }, when, do: 'reset' });
    const paid = await shop.pay({ payment_methods: { adyen: adyenCard() } });
    expect(paid.body).toMatchObject({ status: 'processing', payment: { status: 'trying' } });
    await shop.query(`update attempts set ask_at = now(), created_at = created_at - interval '21 hours'
      where checkout_id = '${String(paid.body['id'])}'`);
    await eventually(async () => (await paymentNow(paid)).status === 'quarantined');
    return paid;
  };
  const told = () => shop.adyen('POST', 'webhooks', { hold: false });
  afterEach(told);

  it('waits for a person, who sees that nothing was said and cannot accept it', async () => {
    const paid = await unheard('before');
    expect((await shop.history(paid))['contradictions']).toMatchObject([
      {
        because: expect.stringMatching(/^the PSP never said, and cannot be asked any more/) as unknown,
        psp: 'adyen',
        psp_reference: null,
        expected: { amount: 1299 },
        said: null,
      },
    ]);
    expect((await resolve(paid, 'ask')).body).toMatchObject({ payment: { status: 'quarantined' } });
    expect((await resolve(paid, 'accept')).body['code']).toBe('resolution_not_possible');
    expect((await resolve(paid, 'return')).body).toMatchObject({
      status: 'canceled',
      payment: { status: 'canceled' },
    });
    expect(await eventsOf(paid)).toEqual([
      'order.created',
      'payment.pending',
      'payment.quarantined',
      'payment.failed',
      'payment.resolved',
      'order.canceled',
    ]);
  });

  it('is settled by the webhook that comes after all', async () => {
    const paid = await unheard('after');
    await told();
    await eventually(async () => (await paymentNow(paid)).status === 'captured');
    expect(await order(paid)).toMatchObject({ status: 'captured' });
    const { body } = await shop.call('GET', `/v1/checkouts/${String(paid.body['id'])}`);
    expect(body['status']).toBe('completed');
  });

  it('goes back by itself when a person gave it up and a success is told after all', async () => {
    const paid = await unheard('after');
    expect((await resolve(paid, 'return')).body).toMatchObject({ status: 'canceled' });
    await told();
    await eventually(async () => (await eventsOf(paid)).includes('payment.reversed'));
    const { body } = await shop.call('GET', `/v1/checkouts/${String(paid.body['id'])}`);
    expect(body).toMatchObject({ status: 'canceled', payment: { captured: 0, refunded: 0 } });
    const [{ id }] = (await shop.history(paid))['attempts'] as [{ id: string }];
    const line = (await shop.ledgers()).find((each) => attemptOf(each) === id);
    expect(line).toMatchObject({ captured: 1299, refunded: 1299 });
  });
});

describe('a resolution is refused', () => {
  it('of a payment that is not quarantined, and without a note', async () => {
    const paid = await shop.pay(atStripe);
    expect((await resolve(paid, 'accept')).body['code']).toBe('payment_not_quarantined');
    expect((await resolve(paid, 'accept', { body: { resolution: 'accept' } })).status).toBe(422);
  });

  it('to a key that may read payments and not resolve them', async () => {
    const paid = await misheard();
    const { secret: key } = await issueApiKey({ store: shop.store, newId, clock: Date.now }, {
      merchantId: shop.merchantId,
      kind: 'secret',
      scopes: ['payments'],
      expiresAt: null,
      networks: null,
    } as never);
    expect((await resolve(paid, 'accept', { key })).status).toBe(403);
    expect((await resolve(paid, 'accept', { key: shop.otherKeys.secretKey })).status).toBe(404);
    expect((await resolve(paid, 'ask')).status).toBe(200);
  });
});

it('ten people at once: one resolution wins, and the money moves once', async () => {
  const paid = await misheard();
  const all = await Promise.all(
    Array.from({ length: 10 }, (_, n) => resolve(paid, n % 2 === 0 ? 'accept' : 'return')),
  );
  const won = all.filter(({ status }) => status === 200);
  expect(won).toHaveLength(1);
  expect(new Set(all.map(({ body }) => body['code'] as unknown))).toEqual(
    new Set([undefined, 'payment_not_quarantined']),
  );
  const kept = won[0]?.body['status'] === 'captured';
  expect(await books(paid)).toMatchObject({ captured: 1299, refunded: kept ? 0 : 1299 });
});
