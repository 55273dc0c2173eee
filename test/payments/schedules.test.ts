import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dayMs, hourMs, minuteMs } from '../../src/kernel/instant.ts';
import { eventually } from '../harness/service.ts';
import { type Paid, type TwoPsps, adyenCard, orderOf, pspReferenceOf, startWithTwoPsps } from './two-psps.ts';

let shop: TwoPsps;
beforeAll(async () => {
  shop = await startWithTwoPsps();
});
afterAll(() => shop.close());

const atStripe = { payment_method: 'pm_card_visa' };
const atAdyen = { payment_methods: { adyen: adyenCard() } };
const reserve = (body: object) => shop.pay(body, { capture_mode: 'manual' });
const status = async (paid: Paid): Promise<unknown> =>
  (await shop.call('GET', `/v1/orders/${orderOf(paid)}`)).body['status'];

/** Makes an authorisation as old as this; workers look for old ones when they start, and every hour. */
async function age(paid: Paid, days: number): Promise<void> {
  const checkout = String(paid.body['id']);
  for (const table of ['attempts', 'payments'])
    await shop.query(
      `update ${table} set changed_at = changed_at - interval '${days} days' where checkout_id = '${checkout}'`,
    );
}

describe('money that is reserved for longer than its PSP keeps it', () => {
  it('is voided at the PSP and the order canceled; younger money is left alone', async () => {
    const [old, young] = [await reserve(atStripe), await reserve(atStripe)];
    const [oldAtAdyen, youngAtAdyen] = [await reserve(atAdyen), await reserve(atAdyen)];
    await age(old, 8);
    await age(young, 6);
    await age(oldAtAdyen, 29);
    await age(youngAtAdyen, 27);
    await shop.restart();
    for (const paid of [old, oldAtAdyen]) await eventually(async () => (await status(paid)) === 'canceled');
    expect([await status(young), await status(youngAtAdyen)]).toEqual(['authorized', 'authorized']);
    const line = (await shop.ledger()).find(({ reference }) => reference === pspReferenceOf(old));
    expect(line).toMatchObject({ voided: 1299, captured: 0 });
    expect((await shop.audit()).violations).toEqual([]);
  });
});

describe('what cannot be brought further now does not keep the others from being found', () => {
  const far = Math.floor(Date.now() / dayMs + 500) * dayMs;
  const idOf = (paid: Paid): string => String(paid.body['id']);

  it('a due capture and a lapsed authorisation whose money a PSP still moves', async () => {
    const later = { capture_mode: 'manual', capture_after_s: 86_400 };
    const [moving, idle] = [await shop.pay(atAdyen, later), await shop.pay(atAdyen, later)];
    await shop.adyen('POST', 'webhooks', { hold: true });
    const capture = `/v1/orders/${orderOf(moving)}/capture`;
    await shop.call('POST', capture, { body: { amount: 1, currency: 'EUR', final: false } });
    for (const find of ['findToCapture', 'findLapsed'] as const) {
      const found = (await shop.store.settling[find](far, 1000)).map(({ checkout }) => checkout.id);
      expect([find, found.includes(idOf(idle) as never), found.includes(idOf(moving) as never)]).toEqual([
        find,
        true,
        false,
      ]);
    }
    await shop.adyen('POST', 'webhooks', { hold: false });
  });

  it('an expired checkout whose buyer is at the bank', async () => {
    const waiting = await shop.pay({ payment_method: 'pm_card_threeDSecure2Required' });
    const declined = await shop.pay({ payment_method: 'pm_card_chargeDeclined' });
    const found = (await shop.store.settling.findExpired(far, 1000)).map(
      ({ checkout }) => checkout.id as string,
    );
    expect([found.includes(idOf(declined)), found.includes(idOf(waiting))]).toEqual([true, false]);
  });
});

it('what nobody has heard is asked about after one minute, five, an hour, and then every day', async () => {
  await shop.fault({ match: { method: 'POST', path: '/v1/refunds' }, when: 'after', do: 'error' });
  const paid = await shop.pay(atStripe);
  await shop.script('POST', 'webhooks', { hold: true });
  const refund = await shop.call('POST', `/v1/orders/${orderOf(paid)}/refunds`, { body: {} });
  expect(refund.body['movements']).toContainEqual(
    expect.objectContaining({ kind: 'refund', status: 'unknown' }),
  );
  const checkout = String(paid.body['id']);
  // Far ahead, so that no worker of the service comes first.
  let now = Math.floor(Date.now() / dayMs + 400) * dayMs;
  await shop.query(
    `update movements set ask_at = to_timestamp(${now / 1000}), asked = 0 where checkout_id = '${checkout}' and kind = 'refund'`,
  );
  const due = async (at: number): Promise<number> =>
    (await shop.store.settling.claimDue(at, 100)).filter(({ checkoutId }) => checkoutId === checkout).length;
  for (const wait of [minuteMs, 5 * minuteMs, hourMs, dayMs, dayMs]) {
    expect(await due(now)).toBe(1);
    expect(await due(now + wait - 1_000)).toBe(0);
    now += wait;
  }
  // Its state changes: whatever may be asked next is asked from the beginning.
  await shop.script('POST', 'webhooks', { hold: false, release: true });
  await eventually(async () => {
    const rows = await shop.query(
      `select 1 from movements where checkout_id = '${checkout}' and kind = 'refund' and asked = 0`,
    );
    return rows.length === 1;
  });
});

it.each([
  ['Stripe', { payment_method: 'pm_card_threeDSecure2Required' }],
  ['Adyen', { payment_methods: { adyen: adyenCard('5454545454545454') } }],
])('a challenge that was abandoned at %s is closed after ten minutes', async (_, body) => {
  const paid = await shop.pay(body);
  expect(paid.body).toMatchObject({ status: 'requires_action' });
  const checkout = String(paid.body['id']);
  const waiting = async () => {
    const [row] = await shop.query(`select asked, extract(epoch from ask_at - changed_at)::int as closed_after
      from attempts where checkout_id = '${checkout}' and state = 'requires_action'`);
    return row;
  };
  // The third look, whose next would be an hour later.
  await shop.query(`update attempts set asked = 2, ask_at = now(), changed_at = now() - interval '5 minutes'
    where checkout_id = '${checkout}'`);
  await eventually(async () => (await waiting())?.['asked'] === 3);
  expect(await waiting()).toEqual({ asked: 3, closed_after: 600 });
  await shop.query(`update attempts set ask_at = ask_at - interval '5 minutes', changed_at = changed_at - interval '5 minutes'
    where checkout_id = '${checkout}'`);
  await eventually(async () => (await waiting()) === undefined);
  const { body: now } = await shop.call('GET', `/v1/checkouts/${checkout}`);
  expect(now).toMatchObject({ status: 'open', payment: { status: 'open' } });
  const { journal } = await shop.history(paid);
  expect((journal as object[]).at(-1)).toMatchObject({ from: 'requires_action', to: 'canceled' });
});

const withoutAdyen = { ADYEN_API_KEY: '', ADYEN_MERCHANT_ACCOUNT: '', ADYEN_HMAC_KEYS: '' };

/** The daily command, over the day of these tests. */
async function compare(): Promise<{ code: number; lines: Record<string, unknown>[] }> {
  const day = new Date().toISOString().slice(0, 10);
  const child = spawn(process.execPath, ['src/cli/reconcile.ts', '--day', day], {
    env: { ...process.env, ...shop.env, ...withoutAdyen, LOG_LEVEL: 'error' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (text: Buffer) => (said += text.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return {
    code,
    lines: said
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

it('the daily comparison names every kind of difference, and ends with 1 when there is one', async () => {
  const paid = [];
  for (let n = 0; n < 5; n += 1) paid.push(await shop.pay(atStripe));
  const known = new Set((await compare()).lines.map(({ psp_reference }) => psp_reference));
  const references = paid.map(pspReferenceOf);
  expect(references.filter((each) => known.has(each))).toEqual([]);

  const [first, second, third, fourth, fifth] = paid.map(
    ({ body }) => `checkout_id = '${String(body['id'])}'`,
  );
  await shop.query(`update attempts set amount = 1 where ${first}`);
  await shop.query(`update movements set amount = 2 where ${second}`);
  await shop.query(`update movements set kind = 'refund' where ${third}`);
  await shop.query(`update attempts set currency = 'USD' where ${fourth}`);
  await shop.query(`update attempts set psp_account = 'other' where ${fifth}`);
  const { code, lines } = await compare();
  const kinds = (reference: string | undefined): unknown[] =>
    lines.filter(({ psp_reference }) => psp_reference === reference).map(({ kind }) => kind);
  expect(references.map(kinds)).toEqual([
    ['authorized'],
    ['captured'],
    ['captured', 'refunded'],
    ['currency'],
    ['unknown_here'],
  ]);
  expect(code).toBe(1);
  expect(lines.at(-1)).toMatchObject({ differences: lines.length - 1 });
});
