import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, newId } from '../harness/service.ts';
import { type Paid, type TwoPsps, adyenCard, orderOf, pspReferenceOf, startWithTwoPsps } from './two-psps.ts';

let shop: TwoPsps;
beforeAll(async () => {
  shop = await startWithTwoPsps();
});
afterAll(() => shop.close());

const challenged = { payment_method: 'pm_card_threeDSecure2Required' };

function idOf({ body }: Paid): string {
  return body['id'] as string;
}

/** The buyer's browser comes back from the issuer. */
async function comeBack(paid: Paid, query: Record<string, string> = {}): Promise<number> {
  const path = `/return/${shop.merchantId}/${idOf(paid)}?${new URLSearchParams(query).toString()}`;
  return (await fetch(`${shop.api}${path}`, { redirect: 'manual' })).status;
}

/** The buyer passes the challenge at the stand-in Stripe. */
function pass(paid: Paid): Promise<unknown> {
  return shop.script('POST', `payment_intents/${pspReferenceOf(paid)}/authenticate`, { result: 'succeeded' });
}

async function read(paid: Paid): Promise<Record<string, unknown>> {
  return (await shop.call('GET', `/v1/checkouts/${idOf(paid)}`)).body;
}

function patch(paid: Paid, body: object) {
  return shop.call('PATCH', `/v1/checkouts/${idOf(paid)}`, { body, idempotencyKey: newId('req') });
}

describe('a soft decline', () => {
  it('is followed by one challenge', async () => {
    const paid = await shop.pay({ payment_method: 'pm_sandbox_77_authentication_required' });
    expect(paid.body).toMatchObject({ status: 'requires_action', decline: null });
    const why = /after stripe\/default: the issuer wants to see the buyer/;
    expect((await shop.history(paid))['attempts']).toMatchObject([
      { status: 'declined', routed_because: 'the first PSP account' },
      { status: 'requires_action', routed_because: expect.stringMatching(why) as unknown },
    ]);
  });

  it('of a payment without the buyer stays a decline', async () => {
    const paid = await shop.pay({ payment_method: 'pm_card_authenticationRequired', initiator: 'merchant' });
    expect(paid.body).toMatchObject({ status: 'open', decline: { code: 'authentication_required' } });
    expect((await shop.history(paid))['attempts']).toHaveLength(1);
  });

  it('at Adyen is followed by a challenge that the buyer can pass', async () => {
    const card = adyenCard('4111111111111111', 'AUTHENTICATION_REQUIRED');
    const paid = await shop.pay({ payment_methods: { adyen: card } });
    const { attempts } = await shop.history(paid);
    expect(attempts).toMatchObject([{ psp: 'adyen', status: 'declined' }, { psp: 'adyen' }]);
    expect(attempts).toHaveLength(2);
  });
});

describe('a challenge', () => {
  it('that is passed pays the order once, however often the buyer comes back [F11.2]', async () => {
    const paid = await shop.pay(challenged);
    expect(paid.body).toMatchObject({ status: 'requires_action', next_action: { kind: 'redirect' } });
    await pass(paid);
    const statuses = await Promise.all(Array.from({ length: 10 }, () => comeBack(paid)));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await read(paid)).toMatchObject({ status: 'completed', payment: { captured: 1299 } });
    const charged = (await shop.ledger()).filter(({ reference }) => reference === pspReferenceOf(paid));
    expect(charged).toMatchObject([{ captures: [1299] }]);
  });

  it('that was for another payment changes nothing [F11.3]', async () => {
    const mine = await shop.pay({ payment_methods: { adyen: adyenCard('4917610000000000') } });
    const theirs = await shop.pay({ payment_methods: { adyen: adyenCard('4917610000000000') } });
    expect(mine.body).toMatchObject({ status: 'requires_action' });
    const attempt = ((await shop.history(theirs))['attempts'] as { id: string }[])[0]?.id ?? '';
    const { details } = (await shop.adyen('POST', 'shopper', { reference: `${attempt}-c`, result: 'Y' })) as {
      details: Record<string, string>;
    };
    await comeBack(mine, details);
    expect(await read(mine)).toMatchObject({ status: 'requires_action' });
    await comeBack(theirs, details);
    expect(await read(theirs)).toMatchObject({ status: 'completed', payment: { captured: 1299 } });
  });

  it('that nobody finishes in ten minutes is given up, and the checkout can be paid again [F11.1]', async () => {
    const paid = await shop.pay(challenged);
    const late = `changed_at = changed_at - interval '11 minutes', ask_at = now()`;
    await shop.query(`update attempts set ${late} where checkout_id = '${idOf(paid)}'`);
    await eventually(async () => (await read(paid))['status'] === 'open');
    const again = await shop.call('POST', `/v1/checkouts/${idOf(paid)}/confirm`, {
      body: { payment_method: 'pm_card_visa' },
    });
    expect(again.body).toMatchObject({ status: 'completed', payment: { captured: 1299 } });
  });

  it('that ends in a decline counts against the device that asked for the payment', async () => {
    const signals = { device: { id: newId('req') } };
    const paid = await shop.pay({ ...challenged, signals });
    await shop.script('POST', `payment_intents/${pspReferenceOf(paid)}/authenticate`, { result: 'failed' });
    await comeBack(paid);
    expect(await read(paid)).toMatchObject({ status: 'open' });
    const next = await eventually(async () => {
      const { body } = await shop.pay({ payment_method: 'pm_card_visa', signals });
      const { id } = body['assessment'] as { id: string };
      const [row] = await shop.query(
        `select record->'features'->>'device.declines_1h' as declines from assessments where id = '${id}'`,
      );
      return row?.['declines'] === '1';
    });
    expect(next).toBe(true);
  });

  it('that was canceled by the shop cannot be passed any more', async () => {
    const paid = await shop.pay(challenged);
    const canceled = await shop.call('POST', `/v1/checkouts/${idOf(paid)}/cancel`);
    expect(canceled.body).toMatchObject({ status: 'canceled' });
    await pass(paid);
    await comeBack(paid);
    expect(await read(paid)).toMatchObject({ status: 'canceled', payment: { captured: 0 } });
  });

  it('is void once the amount has changed [F11.5]', async () => {
    const paid = await shop.pay(challenged);
    const changed = await patch(paid, { amount: 1500, currency: 'EUR' });
    expect(changed.body).toMatchObject({ status: 'open', amount: 1500, next_action: null });
    await pass(paid);
    await comeBack(paid);
    expect(await read(paid)).toMatchObject({ status: 'open', payment: { captured: 0 } });
    const again = await shop.call('POST', `/v1/checkouts/${idOf(paid)}/confirm`, {
      body: { payment_method: 'pm_card_visa' },
    });
    expect(again.body).toMatchObject({ status: 'completed', payment: { captured: 1500 } });
    const order = await shop.call('GET', `/v1/orders/${orderOf(again)}`);
    expect(order.body).toMatchObject({ amount: 1500, status: 'captured' });
  });
});

it('a checkout that is paid cannot be changed, nor one in another currency', async () => {
  const paid = await shop.pay({ payment_method: 'pm_card_visa' });
  expect((await patch(paid, { amount: 1, currency: 'EUR' })).body).toMatchObject({
    code: 'checkout_not_open',
  });
  const open = await shop.call('POST', '/v1/checkouts', { body: { amount: 1, currency: 'EUR' } });
  expect((await patch(open, { amount: 2, currency: 'USD' })).body).toMatchObject({
    code: 'currency_mismatch',
  });
  expect((await patch(open, { amount: 2 })).body).toMatchObject({ code: 'input_invalid' });
  const edited = await patch(open, { customer: { email: 'ann@example.com' }, metadata: { cart: '7' } });
  expect(edited.body).toMatchObject({ amount: 1, metadata: { cart: '7' } });
});

describe('the result of an external 3-D Secure server', () => {
  const result = (trans_status: string, eci: string) => ({
    version: '2.2.0',
    trans_status,
    eci,
    cavv: 'MTIzNDU2Nzg5MDA5ODc2NTQzMjE=',
    ds_trans_id: 'c4e59ceb-a382-4d6a-bc87-385d591fa09d',
  });

  it('is handed to the PSP, and the issuer bears the loss', async () => {
    const paid = await shop.pay({
      payment_methods: { adyen: adyenCard('4917610000000000') },
      external_3ds: result('Y', '05'),
    });
    expect(paid.body).toMatchObject({ status: 'completed' });
    const [row] = await shop.query(`select detail from attempts where checkout_id = '${idOf(paid)}'`);
    expect(row).toMatchObject({ detail: { authentication: { liability: 'issuer' } } });
  });

  it.each(['N', 'R', 'C', 'D'])('%s is refused before anything is recorded', async (status) => {
    const refused = await shop.pay({ payment_method: 'pm_card_visa', external_3ds: result(status, '07') });
    expect(refused).toMatchObject({ status: 422, body: { code: 'authentication_not_usable' } });
  });
});

it('nothing was lost or doubled on the way', async () => {
  expect((await shop.audit()).violations).toEqual([]);
});
