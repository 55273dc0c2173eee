import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../harness/service.ts';
import { type TwoPsps, adyenCard, startWithTwoPsps } from './two-psps.ts';

let shop: TwoPsps;
beforeAll(async () => {
  shop = await startWithTwoPsps();
});
afterEach(() => shop.noFaults());
afterAll(async () => {
  await shop.close();
});

const both = { payment_methods: { stripe: 'pm_card_visa', adyen: adyenCard() } };

it('a token that only Adyen knows is charged at Adyen', async () => {
  const paid = await shop.pay({ payment_methods: { adyen: adyenCard() } });
  expect(paid.body).toMatchObject({ status: 'completed', payment: { psp: 'adyen', captured: 1299 } });
});

it('a payment moves on to Adyen when Stripe turned it away before doing anything', async () => {
  await shop.fault({ match: { path: '/v1/payment_intents' }, when: 'before', do: 'rate_limit', times: 1 });
  const paid = await shop.pay(both);
  expect(paid.body).toMatchObject({ status: 'completed', payment: { psp: 'adyen', captured: 1299 } });
  const { attempts } = await shop.history(paid);
  expect(attempts).toMatchObject([
    { psp: 'stripe', status: 'failed', routed_because: 'the first PSP account' },
    {
      psp: 'adyen',
      status: 'authorized',
      routed_because: expect.stringMatching(
        /^the first PSP account; after stripe\/default: the PSP was not reached/,
      ),
    },
  ]);
});

it('a payment moves on to Adyen after a decline that another PSP may see otherwise', async () => {
  const paid = await shop.pay({
    payment_methods: { stripe: 'pm_sandbox_123_processing_error', adyen: adyenCard() },
  });
  expect(paid.body).toMatchObject({ status: 'completed', payment: { psp: 'adyen' } });
  expect((await shop.history(paid))['attempts']).toMatchObject([
    { status: 'declined' },
    { status: 'authorized' },
  ]);
});

it('a card that the issuer refused is not offered to another PSP', async () => {
  const paid = await shop.pay({
    payment_methods: { stripe: 'pm_card_chargeDeclinedStolenCard', adyen: adyenCard() },
  });
  expect(paid.body).toMatchObject({ status: 'open', decline: { advice: 'never' } });
  expect((await shop.history(paid))['attempts']).toHaveLength(1);
});

it('a payment whose answer was not heard stays where it is', async () => {
  const charged = await shop.adyen('GET', 'ledger');
  await shop.fault({ match: { path: '/v1/payment_intents' }, when: 'after', do: 'error', times: 1 });
  const paid = await shop.pay(both);
  expect(paid.body['status']).toMatch(/processing|completed/);
  expect((await shop.history(paid))['attempts']).toHaveLength(1);
  expect(await shop.adyen('GET', 'ledger')).toEqual(charged);
  // Asking about it must not use up the fault of the next test.
  const checkout = `/v1/checkouts/${String(paid.body['id'])}`;
  await eventually(async () => (await shop.call('GET', checkout)).body['status'] === 'completed');
});

it('a failed failover leaves the checkout open with both tries in its history', async () => {
  await shop.fault({ match: { path: '/v1/payment_intents' }, when: 'before', do: 'rate_limit', times: 1 });
  const paid = await shop.pay({
    payment_methods: { stripe: 'pm_card_visa', adyen: adyenCard('4111111111111111', 'DECLINED') },
  });
  expect(paid.body).toMatchObject({ status: 'open', payment: { status: 'open' } });
  expect((await shop.history(paid))['attempts']).toMatchObject([
    { status: 'failed' },
    { status: 'declined' },
  ]);
});

it('the same key answers a failover with the same bytes', async () => {
  await shop.fault({ match: { path: '/v1/payment_intents' }, when: 'before', do: 'rate_limit', times: 1 });
  const made = await shop.call('POST', '/v1/checkouts', { body: { amount: 700, currency: 'EUR' } });
  const ask = { idempotencyKey: 'failover-1', body: both };
  const path = `/v1/checkouts/${made.body['id']}/confirm`;
  const first = await shop.call('POST', path, ask);
  const again = await shop.call('POST', path, ask);
  expect(again.text).toBe(first.text);
  expect(again.headers.get('idempotent-replayed')).toBe('true');
});

it('nothing was lost or doubled on the way', async () => {
  expect((await shop.audit()).violations).toEqual([]);
});
