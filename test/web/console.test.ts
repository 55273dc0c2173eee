import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { type TestService, startTestService } from '../harness/service.ts';
import { type Visitor, describeInBrowser, newVisitor } from './browser.ts';

await describeInBrowser('the console', (browser) => {
  let shop: TestService;
  let visitor: Visitor;
  let page: Page;

  beforeAll(async () => {
    shop = await startTestService();
    visitor = await newVisitor(browser, shop.api);
    page = visitor.page;
    await page.goto('/console');
    await page.getByLabel('Secret API key').fill(shop.keys.secretKey);
    await page.getByRole('button', { name: 'Sign in' }).click();
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await shop.close();
    expect(visitor.complaints).toEqual([]);
  });

  const buy = async (): Promise<Record<string, unknown>> => {
    const customer = { reference: 'ann', email: 'ann@example.com' };
    const body = { amount: 1299, currency: 'EUR', customer };
    const { body: checkout } = await shop.call('POST', '/v1/checkouts', { body });
    const paid = await shop.call('POST', `/v1/checkouts/${String(checkout['id'])}/confirm`, {
      body: { payment_method: 'pm_card_visa', signals: { device: { id: 'tablet' } } },
    });
    return paid.body;
  };

  it('shows what a PSP contradicts, and a person returns the money', async () => {
    const match = { method: 'POST', path: '/v1/payment_intents' };
    await shop.fault({ match, do: 'alter', set: { amount: 999, amount_received: 999 } });
    const { payment } = (await buy()) as { payment: { id: string; status: string } };
    expect(payment.status).toBe('quarantined');
    await shop.noFaults();

    await page.getByRole('link', { name: 'Quarantine' }).click();
    await page.getByText(payment.id).waitFor();
    await page.getByRole('cell', { name: '€12.99' }).first().waitFor();
    await page.getByLabel('Give back what the PSP took').check();
    await page.getByLabel('Why').fill('the PSP took another amount');
    await page.getByRole('button', { name: 'Resolve' }).click();
    await page.getByText('Resolved: the order is').waitFor();
    const { body } = await shop.call('GET', `/v1/payments/${payment.id}`);
    expect(body['status']).toBe('canceled');
  });

  it('shows what else a device did, from any decision that saw it', async () => {
    await buy();
    const { assessment } = (await buy()) as { assessment: { id: string } };
    await page.goto(`/console#/assessments/${assessment.id}`);
    await page.locator('a[href*="device."]').first().click();
    await page.getByRole('heading', { name: 'What this device did' }).waitFor();
    expect(await page.getByRole('row').count()).toBeGreaterThan(2);
  });
});
