import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { callCost } from '../../src/http/rate-limit/rate-limiter.ts';
import { startTestService, type TestService } from '../harness/service.ts';
import { solutionFor } from './routes/operations.ts';

let shop: TestService;
beforeAll(async () => {
  shop = await startTestService({ env: { TRUSTED_PROXIES: '127.0.0.1', CHALLENGE_ROUNDS: '10' } });
});
afterAll(() => shop.close());

/** A checkout, and how a browser at this address pays it. */
async function checkoutAt(address: string) {
  const { body } = await shop.call('POST', '/v1/checkouts', { body: { amount: 100, currency: 'EUR' } });
  const path = `/v1/checkouts/${String(body['id'])}`;
  const headers = {
    'tillgate-client-secret': String(body['client_secret']),
    'x-forwarded-for': address,
  };
  const key = shop.keys.publishableKey;
  return {
    id: String(body['id']),
    confirm: (payment_method: string, more: Record<string, string> = {}) =>
      shop.call('POST', `${path}/confirm`, {
        key,
        headers: { ...headers, ...more },
        // Every buyer has a card of its own.
        body: { payment_method, signals: { card: { fingerprint: path } } },
      }),
    read: (more: Record<string, string> = {}) =>
      shop.call('GET', path, { key, headers: { ...headers, ...more } }),
  };
}

const solve = (purpose: string, subject?: string): Promise<string> => solutionFor(shop, purpose, subject);

const metric = async (line: string): Promise<boolean> =>
  (await (await fetch(`${shop.admin()}/metrics`)).text()).includes(line);

describe('the door', () => {
  test('says how much of the nearest limit is left', async () => {
    const { headers } = await (await checkoutAt('192.0.2.1')).read();
    expect(headers.get('ratelimit-policy')).toBe('"checkout-secret";q=120;w=600');
    expect(headers.get('ratelimit')).toBe('"checkout-secret";r=119;t=600');
  });

  test('is through with an address after a few declined cards, and with that address alone', async () => {
    const statuses = [];
    for (let at = 0; at < 10; at += 1) {
      const buyer = await checkoutAt('192.0.2.77');
      const { status, headers } = await buyer.confirm('pm_card_chargeDeclined');
      statuses.push(status);
      if (status === 429) expect(Number(headers.get('retry-after'))).toBeGreaterThan(500);
    }
    // How soon exactly depends on the risk score, which rises as well.
    expect(statuses.slice(0, 4)).toEqual([200, 200, 200, 200]);
    expect(statuses.slice(7)).toEqual([429, 429, 429]);
    expect((await (await checkoutAt('198.51.100.3')).confirm('pm_card_visa')).body).toMatchObject({
      status: 'completed',
    });
    expect(await metric('tillgate_limit_exceeded_total{limit="payment-address",dry_run="false"}')).toBe(true);
  });

  test('takes a declined card for nine calls, or for more by the risk score that it was given', async () => {
    const costs: number[] = [];
    for (let at = 0; at < 5; at += 1) {
      const buyer = await checkoutAt('198.18.5.78');
      const { headers, body } = await buyer.confirm('pm_card_chargeDeclined');
      const seen = await shop.call('GET', `/v1/checkouts/${String(body['id'])}`);
      // From the second on the address is what is nearest to its end; the first was a card's first.
      if (at > 0) {
        const spent = costs.reduce((sum, each) => sum + each, 0);
        expect(headers.get('ratelimit')).toMatch(new RegExp(`^"payment-address";r=${60 - spent - 1};`));
      }
      const { score } = seen.body['assessment'] as { score: number };
      costs.push(callCost(score) + 8);
    }
    expect(Math.min(...costs)).toBeGreaterThanOrEqual(9);
  });

  test('counts a guessed client secret as a failure', async () => {
    const buyer = await checkoutAt('192.0.2.90');
    const statuses = [];
    for (let at = 0; at < 12; at += 1) {
      statuses.push((await buyer.read({ 'tillgate-client-secret': 'cs_guessed' })).status);
    }
    expect(statuses).toEqual([...Array.from({ length: 11 }, () => 404), 429]);
  });

  test('counts callers without a key by their address', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 250 }, async () => {
        const { status } = await shop.call('GET', '/v1/events', {
          key: null,
          headers: { 'x-forwarded-for': '192.0.2.91' },
        });
        return status;
      }),
    );
    expect(statuses.filter((status) => status === 401)).toHaveLength(240);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
  });

  test('takes an address of IPv6 for its whole /64', async () => {
    const statuses = [];
    for (let at = 0; at < 10; at += 1) {
      const buyer = await checkoutAt(`2001:db8:7:7::${at + 1}`);
      statuses.push((await buyer.confirm('pm_card_chargeDeclined')).status);
    }
    expect(statuses.at(-1)).toBe(429);
    expect((await (await checkoutAt('2001:db8:7:8::1')).confirm('pm_card_visa')).status).toBe(200);
  });

  test('does not take all of IPv4 for one network where a shop spells it as IPv6', async () => {
    const signUp = (ip: string) =>
      shop.call('POST', '/v1/assessments', {
        body: { event: 'account_creation', signals: { device: { ip } } },
      });
    const codes = new Set<unknown>();
    for (let at = 0; at < 70; at += 1) codes.add((await signUp(`::ffff:198.19.${at}.1`)).body['code']);
    expect([...codes]).toEqual([undefined]);
  });

  test('asks for a challenge where one visitor adds many cards through the shop’s server', async () => {
    const add = (solution?: string) =>
      shop.call('POST', '/v1/assessments', {
        body: { event: 'add_card', signals: { device: { ip: '203.0.113.21' } } },
        ...(solution === undefined ? {} : { headers: { 'tillgate-challenge-solution': solution } }),
      });
    for (let at = 0; at < 30; at += 1) await add();
    expect((await add()).body['code']).toBe('challenge_required');
    expect((await add(await solve('add_card'))).status).toBe(201);
  });

  test('verifies the challenge that an assessment asked for, once and for it alone', async () => {
    const made = await shop.call('POST', '/v1/assessments', { body: { event: 'login', signals: {} } });
    const id = String(made.body['id']);
    const solution = await solve('login', id);
    const show = (to: string) => shop.call('POST', `/v1/assessments/${to}/challenge`, { body: { solution } });
    expect(await show(id)).toMatchObject({ status: 200, body: { assessment: id, solved: true } });
    expect(await show(id)).toMatchObject({ status: 200 });
    const other = await shop.call('POST', '/v1/assessments', { body: { event: 'login', signals: {} } });
    expect(await show(String(other.body['id']))).toMatchObject({
      status: 403,
      body: { code: 'challenge_failed' },
    });
  });

  test('asks a sign-up farm for challenges, and lets through who solves one [F10.4]', async () => {
    const body = { event: 'account_creation', signals: { device: { ip: '203.0.113.8' } } };
    const signUp = (headers: Record<string, string> = {}) =>
      shop.call('POST', '/v1/assessments', { body, headers });
    for (let at = 0; at < 40; at += 1) await signUp();
    expect(await signUp()).toMatchObject({ status: 403, body: { code: 'challenge_required' } });
    const solution = await solve('sign_up');
    expect(await signUp({ 'tillgate-challenge-solution': solution })).toMatchObject({ status: 201 });
    expect(await signUp({ 'tillgate-challenge-solution': solution })).toMatchObject({
      status: 403,
      body: { code: 'challenge_failed' },
    });
  });

  test('keeps no more reports of a browser’s policy than a stranger may make calls', async () => {
    const report = {
      'csp-report': { 'effective-directive': 'img-src', 'blocked-uri': 'https://x.example/' },
    };
    for (let at = 0; at < 250; at += 1) {
      const { status } = await fetch(`${shop.api}/csp-reports`, {
        method: 'POST',
        headers: { 'x-forwarded-for': '192.0.2.92' },
        body: JSON.stringify(report),
      });
      expect(status).toBe(204);
    }
    expect(await metric('tillgate_csp_violations_total{directive="img-src"} 240')).toBe(true);
  });
});

describe('a shop under attack', () => {
  test('asks every browser for a proof before its card is tried, and says that it is attacked', async () => {
    // A few at once: assessments that are late are challenged, and a card that is not tried is not declined.
    for (let at = 0; at < 40; at += 4) {
      const addresses = [0, 1, 2, 3].map((more) => `100.64.${at + more}.1`);
      await Promise.all(
        addresses.map(async (address) => (await checkoutAt(address)).confirm('pm_card_chargeDeclined')),
      );
    }
    const attacked = await untilAttacked();
    expect(attacked).toMatchObject({ type: 'attack.began', sequence: 1, data: { reason: 'decline_ratio' } });
    expect(await metric(`tillgate_attack_profile{merchant_id="${shop.merchantId}"} 1`)).toBe(true);
    const buyer = await checkoutAt('198.51.100.4');
    expect(await buyer.confirm('pm_card_visa')).toMatchObject({
      status: 403,
      body: { code: 'challenge_required' },
    });
    const solution = await solve('confirm', buyer.id);
    expect(await buyer.confirm('pm_card_visa', { 'tillgate-challenge-solution': solution })).toMatchObject({
      status: 200,
      body: { status: 'completed' },
    });
  }, 60_000);
});

/** The switch judges every ten seconds. */
async function untilAttacked(): Promise<unknown> {
  for (;;) {
    const { body } = await shop.call('GET', '/v1/events?limit=999');
    const found = (body['events'] as { type: string }[]).find(({ type }) => type === 'attack.began');
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
