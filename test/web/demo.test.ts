import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Page } from 'playwright-core';
import { type Visitor, describeInBrowser, newVisitor } from './browser.ts';
import { startShop } from './stand.ts';

const person = {
  email: 'ten@example.com',
  name: 'Ten',
  line1: 'Way 1',
  city: 'Berlin',
  postal_code: '10115',
};

type Payment = { status: string; captured: number; attempts: { status: string }[] };

await describeInBrowser('the demo shop', (browser) => {
  let shop: Awaited<ReturnType<typeof startShop>>;
  let visitor: Visitor;
  let page: Page;

  beforeAll(async () => {
    shop = await startShop();
  }, 120_000);
  afterAll(async () => {
    await browser.close();
    await shop.close();
  });
  beforeEach(async () => {
    visitor = await newVisitor(browser, shop.origin);
    page = visitor.page;
  });
  afterEach(async () => {
    await page.context().close();
    expect(visitor.complaints).toEqual([]);
  });

  /** Puts a product into the basket and goes to pay for it. */
  const choose = async (product: string): Promise<void> => {
    await page.goto('/demo');
    await page.getByRole('button', { name: `Add ${product}` }).click();
    await page.getByRole('link', { name: 'Pay now' }).click();
  };
  const card = (name: string) => page.getByText(name, { exact: true }).click();
  const payButton = () => page.getByRole('button', { name: /^Pay/ });
  const heading = (text: string) => page.getByRole('heading', { name: text }).waitFor();
  const payment = async (): Promise<Payment> => {
    const order = await page.getByRole('link', { name: /^ord_/ }).textContent();
    return shop.read<Payment>(`/v1/payments/${String(order).replace('ord_', 'pay_')}`);
  };

  it('a card that succeeds captures the order, says why it was let through and tells the events', async () => {
    await choose('Enamel mug');
    await payButton().click();
    await heading('your order is paid');
    await page.getByText('order.captured').waitFor();
    await page.getByText('assessment.made').waitFor();
    const { assessment } = await shop.read<{ assessment: { decision: string; reasons: { text: string }[] } }>(
      `/v1/checkouts/${new URL(page.url()).searchParams.get('checkout') ?? ''}`,
    );
    expect(await page.locator('#risk .tag').textContent()).toBe(assessment.decision);
    expect(await page.locator('#risk li').allTextContents()).toEqual(
      assessment.reasons.map(({ text }) => text),
    );
    expect(await page.getByText('no money moves').count()).toBe(1);
    expect(await payment()).toMatchObject({ status: 'captured', captured: 1800 });
  });

  it('after a decline another card pays the same checkout', async () => {
    await choose('Desk lamp');
    await card('Insufficient funds');
    await payButton().click();
    await page.getByText('There is not enough money on this card.').waitFor();
    await card('Succeeds');
    await payButton().click();
    await heading('your order is paid');
    const { captured, attempts } = await payment();
    expect(captured).toBe(6400);
    expect(attempts.map(({ status }) => status)).toEqual(['declined', 'authorized']);
    expect(visitor.calls.filter((call) => call === 'POST /demo/checkouts')).toHaveLength(1);
  });

  it('a 3-D Secure challenge that the buyer passes captures the order', async () => {
    await choose('Enamel mug');
    await card('3-D Secure');
    await payButton().click();
    await page.getByRole('button', { name: 'Complete' }).click();
    await heading('your order is paid');
    expect(await payment()).toMatchObject({ captured: 1800, attempts: [{}] });
  });

  it('a 3-D Secure challenge that the buyer fails charges nothing, and another card pays', async () => {
    await choose('Enamel mug');
    await card('3-D Secure');
    await payButton().click();
    await page.getByRole('button', { name: 'Fail' }).click();
    await heading('The payment did not go through');
    expect(await payment()).toMatchObject({ captured: 0 });
    await page.getByRole('link', { name: 'Try another card' }).click();
    await payButton().click();
    await heading('your order is paid');
    expect(await payment()).toMatchObject({ captured: 1800 });
  });

  it('a double click on Pay charges once', async () => {
    await choose('Desk lamp');
    await payButton().dblclick();
    await heading('your order is paid');
    const { captured, attempts } = await payment();
    expect({ captured, tries: attempts.length }).toEqual({ captured: 6400, tries: 1 });
  });

  it('ten payments of one checkout at once are one call and one answer', async () => {
    await choose('Enamel mug');
    await payButton().waitFor();
    const answer = await fetch(`${shop.origin}/demo/checkouts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ items: ['mug'], country: 'DE', ...person }),
    });
    const { id, client_secret } = (await answer.json()) as { id: string; client_secret: string };
    const asked = {
      publishableKey: await page.locator('meta[name=publishable-key]').getAttribute('content'),
      checkoutId: id,
      clientSecret: client_secret,
      paymentMethod: 'pm_card_visa',
    };
    const outcomes = await page.evaluate(async (each) => {
      type Pay = (asked: object) => Promise<{ outcome: string }>;
      const { pay } = (globalThis as unknown as { Tillgate: { pay: Pay } }).Tillgate;
      const answers = await Promise.all(Array.from({ length: 10 }, () => pay(each)));
      return answers.map(({ outcome }) => outcome);
    }, asked);
    expect(outcomes).toEqual(Array(10).fill('paid'));
    expect(visitor.calls.filter((call) => call.endsWith('/confirm'))).toHaveLength(1);
  });

  it('an outcome that nobody heard settles by itself to one charge', async () => {
    await choose('Enamel mug');
    await card('Unknown outcome');
    await payButton().click();
    await heading('your order is paid');
    expect(await payment()).toMatchObject({ captured: 1800, attempts: [{}] });
  }, 90_000);

  it('a browser that is over a limit proves some work by itself and pays', async () => {
    await choose('Enamel mug');
    for (const name of ['Declined', 'Insufficient funds']) {
      await card(name);
      await payButton().click();
      await page.locator('#said.wrong').waitFor();
    }
    await card('Succeeds');
    await payButton().click();
    await heading('your order is paid');
    // Two declined, one refused with what to solve, and the same call again with the solution.
    expect(visitor.calls.filter((call) => call.endsWith('/confirm'))).toHaveLength(4);
    expect(await payment()).toMatchObject({ captured: 1800 });
  });

  it('a review that is approved in the console captures the order', async () => {
    await choose('Cargo bicycle');
    await payButton().click();
    await heading('we are checking your order');
    expect(await payment()).toMatchObject({ status: 'authorized', captured: 0 });
    const order = String(await page.getByRole('link', { name: /^ord_/ }).textContent());

    await page.goto('/console');
    await page.getByLabel('Secret API key').fill(shop.secretKey);
    await page.getByRole('button', { name: 'Sign in' }).click();
    const review = page.locator(`[data-review=${order.replace('ord_', 'rev_')}]`);
    await review.getByText('A person looks at that much').waitFor();
    await review.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('status').getByText('captured').waitFor();
    const paid = await shop.read<Payment>(`/v1/payments/${order.replace('ord_', 'pay_')}`);
    expect(paid).toMatchObject({ status: 'captured', captured: 420_000 });

    await page.getByRole('link', { name: order }).click();
    await page.getByRole('link', { name: 'See all of it' }).click();
    await heading('What moved the score');
    expect(await page.locator('.scale span').count()).toBeGreaterThan(0);
  });

  it('the console puts an address on a list, checks a draft and snoozes a rule', async () => {
    await page.goto('/console');
    await page.getByLabel('Secret API key').fill(shop.secretKey);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('link', { name: 'Lists' }).click();
    await page.getByRole('link', { name: 'blocked-emails' }).click();
    await page.getByLabel('Value').first().fill('mallory@example.com');
    await page.getByLabel('Why').fill('chargebacks');
    await page.getByRole('button', { name: 'Put on the list' }).click();
    await page.getByRole('cell', { name: 'chargebacks' }).waitFor();
    const entries = '/v1/lists/blocked-emails/entries';
    expect(await shop.read(entries)).toMatchObject({
      entries: [{ status: 'active', reason: 'chargebacks' }],
    });
    await page.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('cell', { name: 'removed' }).waitFor();
    expect(await shop.read(entries)).toMatchObject({ entries: [{ status: 'removed' }] });

    await page.getByRole('link', { name: 'Policies' }).click();
    await page.getByLabel('Draft').fill('policy: checkout\nruls: []\n');
    await page.getByRole('button', { name: 'Check' }).click();
    await page.getByText('did you mean rules?').waitFor();

    await page.getByRole('link', { name: 'login' }).click();
    // Until then the draft of the page before is there to be written into.
    await heading('Policy at login');
    await page.getByLabel('Draft').fill('policy: login\nrules: []\notherwise: challenge\n');
    await page.getByLabel('Because').fill('stolen passwords');
    await page.getByRole('button', { name: 'Put the draft in force' }).click();
    await page.getByText('this merchant, in place of the file').waitFor();
    expect(await shop.read('/v1/policies/login')).toMatchObject({
      origin: 'merchant',
      otherwise: 'challenge',
    });
    await page.getByLabel('Because').fill('over');
    await page.getByRole('button', { name: 'Roll back' }).click();
    await page.getByText('the file of the installation').waitFor();
    expect(await shop.read('/v1/policies/login')).toMatchObject({ origin: 'file', otherwise: 'allow' });

    await page.getByRole('link', { name: 'Snoozes' }).click();
    await page.getByLabel('Customer').fill('ann');
    await page.getByLabel('Rule').selectOption('much');
    await page.getByLabel('Why').fill('a party');
    await page.getByLabel('Until').fill('2099-12-31T23:59');
    await page.getByRole('button', { name: 'Snooze the rule' }).click();
    await page.getByRole('cell', { name: 'a party' }).waitFor();
    expect(await shop.read('/v1/snoozes')).toMatchObject({ snoozes: [{ rule: 'much', status: 'active' }] });
  });

  it('the console lets in nobody without a secret key', async () => {
    await page.goto('/console');
    await page.getByLabel('Secret API key').fill('sk_00000000000000000000000000000000');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('Who is calling?').waitFor();
    expect(await page.getByRole('navigation').isVisible()).toBe(false);
  });

  it('the secret key is in nothing that the demo shop hands out', async () => {
    const bodies: Promise<string>[] = [];
    page.on('response', (response) => bodies.push(response.text().catch(() => '')));
    await choose('Enamel mug');
    await payButton().click();
    await page.getByText('order.captured').waitFor();
    const texts = await Promise.all(bodies);
    expect(texts.length).toBeGreaterThan(10);
    expect(texts.filter((text) => text.includes(shop.secretKey))).toEqual([]);
  });
});
