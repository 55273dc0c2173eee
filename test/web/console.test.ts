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

  const buy = async (method = 'pm_card_visa'): Promise<Record<string, unknown>> => {
    const customer = { reference: 'ann', email: 'ann@example.com' };
    const body = { amount: 1299, currency: 'EUR', customer };
    const { body: checkout } = await shop.call('POST', '/v1/checkouts', { body });
    const paid = await shop.call('POST', `/v1/checkouts/${String(checkout['id'])}/confirm`, {
      body: { payment_method: method, signals: { device: { id: 'tablet' } } },
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

  it('says above every view that the shop is under attack, since when and why, and which limits hold', async () => {
    await page.goto('/console#/reviews');
    await page.getByRole('heading', { name: 'Reviews' }).waitFor();
    const sign = page.locator('#attack');
    expect(await sign.isVisible()).toBe(false);
    for (let card = 0; card < 25; card += 1) await buy('pm_card_chargeDeclined');
    await sign.getByText(`Under attack: the shop ${shop.merchantId}, since `).waitFor({ timeout: 120_000 });
    const { body } = await shop.call('GET', '/v1/limits-profile');
    expect(body).toMatchObject({ profile: 'strict', reason: 'decline_ratio' });
    const since = await page.evaluate((at: string) => new Date(at).getFullYear(), String(body['since']));
    const said = await sign.textContent();
    expect(said).toContain(String(since));
    expect(said).toContain(
      'Most of the cards that are tried fail. The strict profile of limits is in force.',
    );
    // Another shop is not attacked by that.
    const other = await shop.call('GET', '/v1/limits-profile', { key: shop.otherKeys.secretKey });
    expect(other.body).toMatchObject({ profile: 'normal' });
    await page.getByRole('link', { name: 'Events' }).click();
    await page.getByRole('heading', { name: 'Events' }).waitFor();
    expect(await sign.isVisible()).toBe(true);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await sign.waitFor({ state: 'hidden' });
  });
});
