import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type TestService, eventually, startTestService } from '../harness/service.ts';

let shop: TestService;
beforeAll(async () => {
  shop = await startTestService();
});
afterAll(() => shop.close());

/** The value of a series; 0 while it has none. */
const valueOf = async (series: string): Promise<number> => {
  const page = await (await fetch(`${shop.admin()}/metrics`)).text();
  const line = page.split('\n').find((each) => each.startsWith(`${series} `));
  return Number(line?.slice(series.length) ?? 0);
};
const buy = async (method: string, amount = 1299): Promise<void> => {
  const { body } = await shop.call('POST', '/v1/checkouts', { body: { amount, currency: 'EUR' } });
  const path = `/v1/checkouts/${String(body['id'])}/confirm`;
  await shop.call('POST', path, { body: { payment_method: method } });
};
const calls = (call: string, outcome: string): string =>
  `tillgate_psp_call_seconds_count{psp="stripe",account="default",call="${call}",outcome="${outcome}"}`;

test('events are counted by type when they are committed, and calls to PSPs by what came of them', async () => {
  await buy('pm_card_visa');
  await buy('pm_card_chargeDeclined');
  expect(await valueOf('tillgate_facts_total{type="order.created"}')).toBe(2);
  expect(await valueOf('tillgate_facts_total{type="order.captured"}')).toBe(1);
  expect(await valueOf('tillgate_facts_total{type="payment.declined"}')).toBe(1);
  expect(await valueOf('tillgate_facts_total{type="assessment.made"}')).toBe(2);
  expect(await valueOf(calls('authorize', 'authorized'))).toBe(1);
  expect(await valueOf(calls('authorize', 'declined'))).toBe(1);
});

test('what waits for a PSP or a person is counted with its age, and gone when it is done', async () => {
  await buy('pm_card_visa', 800_000);
  await buy('pm_sandbox_4242_settles_later');
  const waits = (of: string, count: number) =>
    eventually(async () => (await valueOf(`tillgate_backlog{of="${of}"}`)) === count);
  await waits('reviews', 1);
  await waits('unknown_attempts', 1);
  expect(await valueOf('tillgate_backlog_oldest_seconds{of="reviews"}')).toBeGreaterThan(0);
  const [review] = (await shop.call('GET', '/v1/reviews')).body['reviews'] as [{ id: string }];
  await shop.call('POST', `/v1/reviews/${review.id}/approve`, { body: {} });
  await waits('reviews', 0);
  expect(await valueOf('tillgate_backlog{of="quarantined"}')).toBe(0);
  expect(await valueOf('tillgate_psp_resting{psp="stripe",account="default"}')).toBe(0);
}, 80_000);
