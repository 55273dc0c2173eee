import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { hashSecret } from '../../src/flows/new-secret.ts';
import { showFigure } from '../harness/figure.ts';
import { newId, startTestService, type TestService } from '../harness/service.ts';
import { fuzz } from './fuzzer.ts';

/** A few thousand in every run of the tests; `npm run fuzz` sends fifty thousand. */
const requests = Number(process.env['FUZZ_REQUESTS'] ?? '2000');
const seed = Number(process.env['FUZZ_SEED'] ?? '1');

/**
 * Checkouts that are open, and orders that are captured, authorised, held and quarantined, a customer with a card, an
 * assessment, an entry of a list, a snooze, a policy in shadow: what most calls are about.
 */
async function material(): Promise<string[]> {
  const misheard = 'pm_card_mastercard';
  await shop.fault({ match: { method: 'POST', token: misheard }, do: 'alter', set: { amount: 1 }, times: 3 });
  const wanted = [{}, { capture_mode: 'manual' }, { amount: 800_000 }];
  const ids = await Promise.all(
    [...wanted, ...wanted, {}, {}, {}, ...Array.from({ length: 20 }, () => ({}))].map(async (more, at) => {
      const body = { amount: 1299, currency: 'EUR', ...more };
      const { body: checkout } = await shop.call('POST', '/v1/checkouts', { body });
      const id = String(checkout['id']);
      if (at > 8) return [id];
      const method = at > 5 ? misheard : 'pm_card_visa';
      await shop.call('POST', `/v1/checkouts/${id}/confirm`, { body: { payment_method: method } });
      return ['chk', 'ord', 'pay', 'rev'].map((prefix) => id.replace('chk', prefix));
    }),
  );
  const { body: customer } = await shop.call('POST', '/v1/customers', { body: {} });
  const methods = `/v1/customers/${String(customer['id'])}/payment-methods`;
  const { body: kept } = await shop.call('POST', methods, { body: { payment_method: 'pm_card_visa' } });
  const assess = async (whose: string) => {
    const email = `${whose}${String(customer['id'])}@example.com`;
    const body = { event: 'login', signals: { customer: { email } } };
    return (await shop.call('POST', '/v1/assessments', { body })).body;
  };
  const [assessment, another] = [await assess('not-listed-'), await assess('')];
  const { body: listed } = await shop.call('POST', '/v1/lists/blocked-emails/entries', {
    body: { assessment: String(another['id']), reason: 'material' },
  });
  const { body: snoozed } = await shop.call('POST', '/v1/snoozes', {
    body: {
      rule: 'honeypot',
      customer: String(customer['id']),
      reason: 'material',
      expires_at: '2099-12-31T23:59:59Z',
    },
  });
  // Some rounds remove none, and there is room for few.
  const { body: shadow } = await shop.call('POST', '/v1/shadows', {
    body: { name: newId('req').replace('_', '-'), source: 'policy: checkout\nrules: []\n' },
  });
  return [
    ...ids.flat(),
    ...[customer, kept, assessment, listed, snoozed, shadow].map((made) => String(made['id'])),
  ];
}

/**
 * What says that we are broken or busy is documented, and must not be reached. A request whose journal is
 * written with its reply has answered before its twin could find it in flight, and nobody solves a challenge by chance.
 */
const neverReached =
  / (500|503)$|^(createCheckout|createAssessment|createPaymentMethod|labelOrder) 409$|^solveChallenge 200$/;

let shop: TestService;
beforeAll(async () => {
  // Patient with the PSP: on a busy machine 400 ms are sometimes not enough, and a fuzzer asks for nothing unusual there.
  shop = await startTestService({ env: { PSP_TIMEOUT_MS: '5000', REQUEST_LEASE_MS: '10000' } });
});
afterAll(() => shop.close());

test('the service answers whatever is sent as its document says, and breaks on nothing', async () => {
  // Many: each of them is told so a few times a minute, and then to come later.
  const powerless = Array.from({ length: 100 }, () => `sk_${randomBytes(32).toString('base64url')}`);
  for (const secret of powerless)
    await shop.store.merchants.addApiKey({
      id: newId('key'),
      merchantId: shop.merchantId,
      kind: 'secret',
      scopes: [],
      hash: hashSecret(secret),
      hint: 'sk_none',
      createdAt: Date.now(),
      expiresAt: null,
    });
  const found = await fuzz({
    api: shop.api,
    keys: {
      secret: shop.keys.secretKey,
      publishable: shop.keys.publishableKey,
      other: shop.otherKeys.secretKey,
      powerless,
    },
    requests,
    seed,
    atOnce: 8,
    pauseMs: requests / 3,
    material,
  });
  const unreached = found.unreached.filter((name) => !neverReached.test(name));
  const line = { requests: found.requests, faults: found.faults.length, unreached: unreached.length, seed };
  showFigure(`contract fuzzer: ${JSON.stringify(line)}`);
  expect(found.faults).toEqual([]);
  expect(found.requests).toBeGreaterThanOrEqual(requests);
  if (requests >= 50_000) expect(unreached).toEqual([]);
}, 3_600_000);
