import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import Stripe from 'stripe';
import { standInAdyen } from '../../src/cli/stand-in-psps.ts';
import { minuteMs, secondMs } from '../../src/kernel/instant.ts';
import { eventually, newId } from '../harness/service.ts';
import { type Paid, type TwoPsps, adyenCard, orderOf, pspReferenceOf, startWithTwoPsps } from './two-psps.ts';

let shop: TwoPsps;
beforeAll(async () => {
  shop = await startWithTwoPsps();
});
afterAll(async () => {
  const { violations } = await shop.audit();
  // Here PSPs say that a reservation has lapsed while their books still hold it.
  const lapsed = await shop.query("select aggregateid from events where type = 'payment.expired'");
  const orders = lapsed.map(({ aggregateid }) => String(aggregateid));
  await shop.close();
  expect(violations.filter(({ checkout }) => !orders.includes(checkout.replace('chk_', 'ord_')))).toEqual([]);
});

type Sent = { readonly body: Buffer; readonly headers: Readonly<Record<string, string>> };

const paths = { stripe: '/webhooks/stripe/default', adyen: `/webhooks/adyen/${standInAdyen.account}` };

async function deliver(psp: keyof typeof paths, { body, headers }: Sent): Promise<number> {
  const type = { 'content-type': 'application/json' };
  const request = { method: 'POST', body: new Uint8Array(body), headers: { ...type, ...headers } };
  return (await fetch(`${shop.api}${paths[psp]}`, request)).status;
}

const official = new Stripe('sk_test_signs_only');

/** Stripe says that this payment's reservation has lapsed: believed, it cancels the order. */
async function lapsedAtStripe(paid: Paid, saidAt = Date.now(), secret = currentSecret()): Promise<Sent> {
  const api = { headers: { authorization: `Bearer ${shop.env['STRIPE_SECRET_KEY'] ?? ''}` } };
  const url = `${shop.stripeUrl}/v1/payment_intents/${pspReferenceOf(paid)}?expand[]=latest_charge`;
  const { latest_charge } = (await (await fetch(url, api)).json()) as { latest_charge: object };
  const event = { id: newId('evt'), object: 'event', type: 'charge.expired', created: 1 };
  const payload = JSON.stringify({ ...event, data: { object: { ...latest_charge, captured: false } } });
  const timestamp = Math.floor(saidAt / secondMs);
  const signature = official.webhooks.generateTestHeaderString({ payload, secret, timestamp });
  return { body: Buffer.from(payload), headers: { 'stripe-signature': signature } };
}

function currentSecret(): string {
  return shop.env['STRIPE_WEBHOOK_SECRETS'] ?? '';
}

/** As above, in Adyen's words; `value` is changed after signing. */
async function lapsedAtAdyen(paid: Paid, key = standInAdyen.hmacKey, value = 1299) {
  const { attempts } = await shop.history(paid);
  const reference = (attempts as { id: string }[])[0]?.id ?? '';
  const [psp, original, account] = [newId('evt'), pspReferenceOf(paid), standInAdyen.account];
  const text = [psp, original, account, reference, 1299, 'EUR', 'EXPIRE', 'true'].join(':');
  const hmacSignature = createHmac('sha256', Buffer.from(key, 'hex')).update(text).digest('base64');
  return {
    pspReference: psp,
    originalReference: original,
    merchantAccountCode: account,
    merchantReference: reference,
    amount: { value, currency: 'EUR' },
    eventCode: 'EXPIRE',
    success: 'true',
    additionalData: { hmacSignature },
  };
}

function batch(...items: readonly object[]): Sent {
  const notificationItems = items.map((item) => ({ NotificationRequestItem: item }));
  return { body: Buffer.from(JSON.stringify({ live: 'false', notificationItems })), headers: {} };
}

function flipped({ body, headers }: Sent): Sent {
  const spoilt = Buffer.from(body);
  const middle = spoilt.indexOf('amount') + 1;
  spoilt.writeUInt8(spoilt.readUInt8(middle) ^ 1, middle);
  return { body: spoilt, headers };
}

const reserve = (body: object) => shop.pay(body, { capture_mode: 'manual' });
const atStripe = { payment_method: 'pm_card_visa' };
const atAdyen = { payment_methods: { adyen: adyenCard() } };
const deliveries = async (): Promise<unknown> =>
  (await shop.query('select count(*) as n from deliveries'))[0]?.['n'];
const status = async (paid: Paid): Promise<unknown> =>
  (await shop.call('GET', `/v1/orders/${orderOf(paid)}`)).body['status'];

/** Everything that the PSP itself says of this payment has arrived. */
const quiet = (): Promise<unknown> =>
  eventually(async () => {
    const before = await deliveries();
    await sleep(300);
    return before === (await deliveries()) && 'quiet';
  });

describe('a message about reserved money at Stripe', () => {
  it.each<[string, (paid: Paid) => Promise<Sent>]>([
    ['that is forged [F4.4]', (paid) => lapsedAtStripe(paid, Date.now(), 'whsec_forged')],
    ['without a signature [F4.4]', async (paid) => ({ ...(await lapsedAtStripe(paid)), headers: {} })],
    ['with one byte flipped [F4.5]', async (paid) => flipped(await lapsedAtStripe(paid))],
    ['that is six minutes old [F4.6]', (paid) => lapsedAtStripe(paid, Date.now() - 6 * minuteMs)],
    ['that is six minutes ahead [F4.7]', (paid) => lapsedAtStripe(paid, Date.now() + 6 * minuteMs)],
  ])('%s is refused, and neither stored nor believed', async (_, made) => {
    const paid = await reserve(atStripe);
    await quiet();
    const before = await deliveries();
    expect(await deliver('stripe', await made(paid))).toBe(401);
    expect(await deliveries()).toEqual(before);
    expect(await status(paid)).toBe('authorized');
  });

  it('that is genuine is believed once, however often it comes [F4.1]', async () => {
    const paid = await reserve(atStripe);
    const lapsed = await lapsedAtStripe(paid);
    const answers = await Promise.all(Array.from({ length: 10 }, () => deliver('stripe', lapsed)));
    expect(new Set(answers)).toEqual(new Set([200]));
    await eventually(async () => (await status(paid)) === 'canceled');
    const told = await shop.eventsOf(orderOf(paid));
    expect(told.filter((type) => type === 'payment.expired')).toHaveLength(1);
  });

  it('is understood by the secret that is being replaced, and not after [F4.8]', async () => {
    const old = currentSecret();
    await shop.restart({ STRIPE_WEBHOOK_SECRETS: `whsec_next,${old}` });
    const paid = await reserve(atStripe);
    expect(await deliver('stripe', await lapsedAtStripe(paid, Date.now(), old))).toBe(200);
    await shop.restart({ STRIPE_WEBHOOK_SECRETS: 'whsec_next' });
    expect(await deliver('stripe', await lapsedAtStripe(paid, Date.now(), old))).toBe(401);
    await shop.restart();
  });
});

describe('a message about reserved money at Adyen', () => {
  it.each<[string, (paid: Paid) => Promise<Sent>]>([
    ['that is forged [F4.4]', async (paid) => batch(await lapsedAtAdyen(paid, '00'.repeat(32)))],
    ['with one byte flipped [F4.5]', async (paid) => flipped(batch(await lapsedAtAdyen(paid)))],
    [
      'in a batch with one bad item [F4.9]',
      async (paid) => batch(await lapsedAtAdyen(paid), await lapsedAtAdyen(paid, standInAdyen.hmacKey, 1298)),
    ],
  ])('%s is refused, and neither stored nor believed', async (_, made) => {
    const paid = await reserve(atAdyen);
    await quiet();
    const before = await deliveries();
    expect(await deliver('adyen', await made(paid))).toBe(401);
    expect(await deliveries()).toEqual(before);
    expect(await status(paid)).toBe('authorized');
  });

  it('in a batch of good items is believed, each of them [F4.1]', async () => {
    const [one, two] = [await reserve(atAdyen), await reserve(atAdyen)];
    const items = [await lapsedAtAdyen(one), await lapsedAtAdyen(two)];
    expect(await deliver('adyen', batch(...items, ...items))).toBe(200);
    for (const paid of [one, two]) await eventually(async () => (await status(paid)) === 'canceled');
  });
});

it('ten megabytes are refused before they are read, and the next message is heard [F4.10]', async () => {
  const paid = await reserve(atStripe);
  const huge = { body: Buffer.alloc(10_000_000, ' '), headers: { 'stripe-signature': 't=1,v1=00' } };
  // The connection may be closed while the client still sends.
  expect(await deliver('stripe', huge).catch(() => 413)).toBe(413);
  expect(await deliver('stripe', await lapsedAtStripe(paid))).toBe(200);
});

it.each([
  [
    'Stripe',
    atStripe,
    (fault: object) => shop.fault({ match: { method: 'POST', path: '/v1/payment_intents' }, ...fault }),
  ],
  [
    'Adyen',
    atAdyen,
    (fault: object) => shop.adyen('POST', 'faults', { match: { path: '/payments' }, ...fault }),
  ],
])(
  '%s tells what became of a payment before it answers the call, and it is counted once [F4.3]',
  async (_, body, fault) => {
    await fault({ when: 'after', do: 'delay', ms: 1_200, times: 1 });
    const paying = shop.pay(body);
    const early = await eventually(async () => {
      const [row] =
        await shop.query(`select a.checkout_id from attempts as a join requests as r on r.subject = a.id
      where a.state = 'authorized' and r.reply_status is null`);
      return row?.['checkout_id'];
    });
    const paid = await paying;
    expect(paid.body).toMatchObject({ id: early, status: 'completed', payment: { captured: 1299 } });
    const { movements } = (await shop.call('GET', `/v1/orders/${orderOf(paid)}`)).body;
    expect(movements).toMatchObject([{ kind: 'capture', status: 'succeeded' }]);
  },
);

it('a webhook is answered at once while what it says waits for its turn', async () => {
  const paid = await reserve(atStripe);
  const lapsed = await lapsedAtStripe(paid);
  const client = new Client(shop.databaseUrl);
  await client.connect();
  // Whoever would apply it before the PSP is answered would wait for this lock, and the PSP with it.
  await client.query('begin');
  await client.query(`select 1 from checkouts where id = '${String(paid.body['id'])}' for update`);
  expect(await deliver('stripe', lapsed)).toBe(200);
  expect(await status(paid)).toBe('authorized');
  await client.query('commit');
  await client.end();
  await eventually(async () => (await status(paid)) === 'canceled');
});

it('a message that the database refuses is tried ten times, set aside with the reason, counted, and tried again by a person', async () => {
  const paid = await shop.pay(atStripe);
  const id = newId('evt');
  const dispute = { id: newId('dp'), object: 'dispute', amount: 0, currency: 'eur', reason: 'fraudulent' };
  const object = { ...dispute, status: 'needs_response', payment_intent: pspReferenceOf(paid) };
  const type = 'charge.dispute.created';
  const payload = JSON.stringify({ id, object: 'event', type, created: 1, data: { object } });
  const signature = official.webhooks.generateTestHeaderString({ payload, secret: currentSecret() });
  const headers = { 'stripe-signature': signature };
  expect(await deliver('stripe', { body: Buffer.from(payload), headers })).toBe(200);
  const seen = async () => {
    const { body } = await shop.call('GET', '/v1/deliveries');
    return (body['deliveries'] as { id: string; status: string; tries: number }[]).find((each) =>
      each.id.startsWith(id),
    );
  };
  await eventually(async () => ((await seen())?.tries ?? 0) > 0);
  expect(await seen()).toMatchObject({ status: 'received', note: null });
  await shop.query(`update deliveries set tries = 9, try_at = now() where message_id like '${id}%'`);
  await eventually(async () => (await seen())?.status === 'set_aside');
  expect(await seen()).toMatchObject({
    tries: 10,
    note: 'refused by the database: dispute_amount_is_positive',
  });
  await eventually(async () => {
    const page = await (await fetch(`${shop.admin()}/metrics`)).text();
    return page.includes('tillgate_backlog{of="set_aside"} 1');
  });

  // A person tries again once the reason is gone: here the words themselves, as a mended adapter reads them.
  const name = { psp: 'stripe', psp_account: 'default', id };
  const again = (more: object = {}) => shop.call('POST', '/v1/deliveries/retry', { body: name, ...more });
  expect((await again({ key: shop.otherKeys.secretKey })).body['code']).toBe('not_found');
  await shop.query(`update deliveries set witness = jsonb_set(witness, '{testimony,dispute,amount,amount}', '"minor:1299"')
    where message_id = '${id}'`);
  const { body: asides } = await shop.call('GET', '/v1/deliveries?status=set_aside');
  expect(asides['deliveries']).toMatchObject([{ id, status: 'set_aside' }]);
  expect((await again()).body).toMatchObject({ id, status: 'received', tries: 0, note: null });
  await eventually(async () => (await seen())?.status === 'processed');
  const { body: disputes } = await shop.call('GET', '/v1/disputes');
  expect(disputes['disputes']).toMatchObject([{ amount: 1299, status: 'opened' }]);
  expect((await again()).body['code']).toBe('not_found');
}, 60_000);
