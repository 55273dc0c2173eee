import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { toEnvelope } from '../../src/domain/events/envelope.ts';
import { eventSchema } from '../../src/events/catalogue.ts';
import type { MerchantId } from '../../src/kernel/ids.ts';
import { type TestService, eventually, startTestService } from '../harness/service.ts';

let shop: TestService;
beforeAll(async () => {
  shop = await startTestService();
});
afterAll(() => shop.close());

/** What an operator types. */
const fields = (...args: string[]) =>
  promisify(execFile)(process.execPath, ['src/cli/keys.ts', 'fields', ...args], {
    env: { ...process.env, DATABASE_URL: shop.databaseUrl },
  });

/** The shop's own words may look like anything, money and our field names included. */
const metadata = { orderNo: '17', amount: 'twelve', currency: 'none' };

/** What is said of an order that is bought and paid now. */
async function said(): Promise<Record<string, unknown>[]> {
  const customer = { reference: 'C-1042', email: 'someone@example.com', name: 'Some One' };
  const body = { amount: 1299, currency: 'EUR', customer, metadata };
  const { body: checkout } = await shop.call('POST', '/v1/checkouts', { body });
  const { body: paid } = await shop.call('POST', `/v1/checkouts/${String(checkout['id'])}/confirm`, {
    body: { payment_method: 'pm_card_visa' },
  });
  expect(paid).toMatchObject({ status: 'completed' });
  const events = await shop.events();
  expect(JSON.stringify(events)).not.toMatch(/someone@example\.com|Some One/);
  return events
    .map(({ data }) => data)
    .filter((data) => data['checkout_id'] === checkout['id'] && 'order_id' in data);
}

const learnt = (merchantId: MerchantId, count: number): Promise<unknown> =>
  eventually(() => Promise.resolve(shop.deps().fieldsOf(merchantId).length === count));

test('events hold no personal data and no metadata, though another merchant lets in both', async () => {
  const [other] = (await shop.query(`select id from merchants where name = 'second'`)) as {
    id: MerchantId;
  }[];
  if (other === undefined) throw new Error('there is no second merchant');
  await fields(other.id, '--events', 'customer.reference,metadata');
  await learnt(other.id, 2);
  const events = await said();
  expect(events.length).toBeGreaterThan(1);
  expect(JSON.stringify(events)).not.toMatch(/C-1042|orderNo|metadata|customer_reference/);
});

test('what a merchant lets in is in the events of its orders, until it is taken out', async () => {
  await fields(shop.merchantId, '--events', 'customer.reference,metadata');
  await learnt(shop.merchantId, 2);
  const events = await said();
  expect(events.length).toBeGreaterThan(1);
  for (const data of events) expect(data).toMatchObject({ customer_reference: 'C-1042', metadata });
  const stored = (await shop.store.events.list(shop.merchantId, null, 999)).map(({ event }) => event);
  const wrong = stored.flatMap((event) => eventSchema(event.type).safeParse(toEnvelope(event)).error ?? []);
  expect(wrong).toEqual([]);

  await fields(shop.merchantId, '--events', 'metadata');
  await learnt(shop.merchantId, 1);
  for (const data of await said()) {
    expect(data).toMatchObject({ metadata });
    expect(data).not.toHaveProperty('customer_reference');
  }

  await fields(shop.merchantId, '--events', '');
  await learnt(shop.merchantId, 0);
  expect(JSON.stringify(await said())).not.toMatch(/C-1042|orderNo/);
});

test.each([
  ['a field that is never let in', ['--events', 'email'], /there is no field email/],
  ['no list', [], /--events is missing/],
])('an operator is refused %s', async (_what, args, why) => {
  await expect(fields(shop.merchantId, ...args)).rejects.toThrow(why);
});
