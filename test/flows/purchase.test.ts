import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type TestService, startTestService } from '../harness/service.ts';

let shop: TestService;
beforeAll(async () => {
  shop = await startTestService({ webhooks: true });
});
afterAll(() => shop.close());

it('a buyer pays, and the order is captured once', async () => {
  const checkout = await shop.call('POST', '/v1/checkouts', { body: { amount: 1299, currency: 'EUR' } });
  expect(checkout.status).toBe(201);
  const paid = await shop.call('POST', `/v1/checkouts/${checkout.body['id']}/confirm`, {
    body: { payment_method: 'pm_card_visa' },
  });
  expect(paid.body).toMatchObject({
    status: 'completed',
    order: { status: 'captured' },
    payment: { status: 'captured', captured: 1299 },
    assessment: { decision: 'allow' },
  });
  expect(await shop.ledger()).toMatchObject([{ authorisations: [1299], captures: [1299] }]);
  expect(await shop.audit()).toEqual({ checked: 1, violations: [] });
});
