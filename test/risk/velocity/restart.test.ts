import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestService, type TestService } from '../../harness/service.ts';

let service: TestService;
beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.close());

/** What the service counts of one buyer right now, as a sign-in of theirs would be judged. */
async function counted(): Promise<Record<string, unknown>> {
  const body = { event: 'login', signals: { customer, device } };
  const made = await service.call('POST', '/v1/assessments', { body });
  expect([made.status, made.body['degraded'] ?? []]).toEqual([201, []]);
  const read = await service.call('GET', `/v1/assessments/${String(made.body['id'])}`);
  return read.body['features'] as Record<string, unknown>;
}
const customer = { reference: 'ann', email: 'ann@shop.example' };
const device = { id: 'device-1', ip: '198.51.100.7', user_agent: 'Mozilla/5.0' };

async function pay(token: string): Promise<void> {
  const checkout = await service.call('POST', '/v1/checkouts', {
    body: { amount: 1299, currency: 'EUR', customer },
  });
  await service.call('POST', `/v1/checkouts/${String(checkout.body['id'])}/confirm`, {
    body: { payment_method: token, signals: { device } },
  });
}

test('a restart without Redis forgets no attempt, no decline and no log-in', async () => {
  await counted();
  await pay('pm_card_visa');
  await pay('pm_card_chargeDeclined');
  const before = await counted();
  expect(before).toMatchObject({
    'device.logins_10m': 1,
    'ip.logins_10m': 1,
    'device.days_known': expect.any(Number),
  });
  await service.restart();
  // Whoever stops writes down what it still knows.
  const kept = await service.query(
    'select what, count(*)::int as n from observations group by what order by what',
  );
  const after = await counted();
  expect(after).toMatchObject({ 'device.logins_10m': 2, 'ip.logins_10m': 2 });
  const changed = Object.keys(before).filter((name) => before[name] !== after[name]);
  // Only what grows with the log-in before, or with time.
  for (const name of changed) expect(name).toMatch(/logins|days|minutes/);
  expect(kept).toEqual(
    expect.arrayContaining([
      { what: 'checkout', n: 2 },
      { what: 'declined', n: 1 },
      { what: 'succeeded', n: 1 },
    ]),
  );
});
