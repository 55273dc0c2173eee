import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readConfig } from '../../src/config.ts';
import { assessmentEvents, legalDecisions } from '../../src/domain/risk/decision.ts';
import { type TestService, eventually, newId, startTestService } from '../harness/service.ts';
import { dayMs } from '../../src/kernel/instant.ts';
import { labelQuietRound } from '../../src/workers/label-quiet.ts';
import { eachRow } from '../../src/workers/rounds.ts';
import { card } from '../http/routes/operations.ts';

let shop: TestService;
beforeAll(async () => {
  shop = await startTestService({ webhooks: true });
});
afterAll(() => shop.close());

type Sold = { readonly order: string; readonly email: string };

async function sell(amount = 1299): Promise<Sold> {
  const email = `${newId('cus')}@shop.example`;
  const opened = await shop.call('POST', '/v1/checkouts', {
    body: { amount, currency: 'EUR', customer: { email } },
  });
  const path = `/v1/checkouts/${String(opened.body['id'])}/confirm`;
  const paid = await shop.call('POST', path, { body: card });
  return { order: (paid.body['order'] as { id: string }).id, email };
}

async function chargeOf({ order }: Sold): Promise<string> {
  const { body } = await shop.call('GET', `/v1/orders/${order}`);
  const { psp_reference } = body['payment'] as { psp_reference: string };
  const intent = await fetch(`${shop.stripeUrl}/v1/payment_intents/${psp_reference}`, {
    headers: { authorization: `Bearer ${shop.env['STRIPE_SECRET_KEY'] ?? ''}` },
  });
  return ((await intent.json()) as { latest_charge: string }).latest_charge;
}

const label = ({ order }: Sold, fraud: boolean) =>
  shop.call('POST', '/v1/labels', { body: { order, fraud, strength: 'strong' } });
const reviewOf = ({ order }: Sold): string => `/v1/reviews/${order.replace('ord_', 'rev_')}`;

/** What the next assessment knows of this e-mail address. */
async function knownOf({ email }: Sold): Promise<Record<string, number | null>> {
  const made = await shop.call('POST', '/v1/assessments', {
    body: { event: 'checkout', signals: { customer: { email }, amount: 1299, currency: 'EUR' } },
  });
  const { body } = await shop.call('GET', `/v1/assessments/${String(made.body['id'])}`);
  return body['features'] as Record<string, number | null>;
}

const reviewed = 800_000;
const frauds = {
  dispute: async (sold: Sold) =>
    shop.script('POST', `charges/${await chargeOf(sold)}/dispute`, { reason: 'fraudulent' }),
  fraud_report: async (sold: Sold) =>
    shop.script('POST', `charges/${await chargeOf(sold)}/early_fraud_warning`, { fraud_type: 'misc' }),
  refund: ({ order }: Sold) =>
    shop.call('POST', `/v1/orders/${order}/refunds`, { body: { reason: 'fraudulent' } }),
  review: (sold: Sold) => shop.call('POST', `${reviewOf(sold)}/reject`),
  api: (sold: Sold) => label(sold, true),
} as const;
const strengths = {
  dispute: 'strong',
  fraud_report: 'strong',
  refund: 'weak',
  review: 'weak',
  api: 'strong',
} as const;

describe('what turned out to be true', () => {
  test.each(Object.keys(frauds) as (keyof typeof frauds)[])(
    'by %s has a strength and a time, and counts in the features from then on, not before',
    async (source) => {
      const sold = await sell(source === 'review' ? reviewed : 1299);
      expect((await knownOf(sold))['email.known_frauds']).toBe(0);
      const before = Date.now();
      await frauds[source](sold);
      const found = await eventually(async () => {
        const { body } = await shop.call('GET', '/v1/labels');
        return (body['labels'] as Record<string, string>[]).find(({ order }) => order === sold.order);
      });
      expect(found).toMatchObject({ fraud: true, source, strength: strengths[source] });
      expect(Date.parse(found['known_at'] ?? '')).toBeGreaterThanOrEqual(before - 1);
      expect(Date.parse(found['happened_at'] ?? '')).toBeLessThanOrEqual(before);
      await eventually(async () => (await knownOf(sold))['email.known_frauds'] === 1);
    },
  );

  test('counts once, whoever says it again, and not any more when it is overruled', async () => {
    const sold = await sell();
    const known = async (name: string): Promise<unknown> => (await knownOf(sold))[name];
    for (const tell of [frauds.fraud_report, frauds.dispute, frauds.api]) await tell(sold);
    await eventually(async () => {
      const { body } = await shop.call('GET', '/v1/labels');
      return (body['labels'] as { order: string }[]).filter(({ order }) => order === sold.order).length === 3;
    });
    await eventually(async () => (await known('email.known_frauds')) === 1);
    await label(sold, false);
    await eventually(async () => (await known('email.known_goods')) === 1);
    expect(await known('email.known_frauds')).toBe(0);
    expect(await known('email.days_since_fraud')).toBeNull();
    // What is read back at a start says the same.
    await shop.restart();
    await eventually(async () => (await known('email.known_goods')) === 1);
    expect(await known('email.known_frauds')).toBe(0);
  });

  test('counts against the device and the network as well, which only the assessment knows', async () => {
    const device = { id: newId('cus'), ip: '198.51.100.77' };
    const opened = await shop.call('POST', '/v1/checkouts', { body: { amount: 1299, currency: 'EUR' } });
    const paid = await shop.call('POST', `/v1/checkouts/${String(opened.body['id'])}/confirm`, {
      body: { ...card, signals: { device } },
    });
    await label({ order: (paid.body['order'] as { id: string }).id, email: '' }, true);
    await eventually(async () => {
      const made = await shop.call('POST', '/v1/assessments', {
        body: { event: 'account_creation', signals: { device } },
      });
      const { body } = await shop.call('GET', `/v1/assessments/${String(made.body['id'])}`);
      const { features } = body as { features: Record<string, number> };
      return features['device.known_frauds'] === 1 && features['ip.known_frauds'] === 1;
    });
  });

  test.each([
    ['an approved review', reviewed, (sold: Sold) => shop.call('POST', `${reviewOf(sold)}/approve`)],
    ['the shop’s own word', 1299, (sold: Sold) => label(sold, false)],
  ])('by %s makes a good customer', async (_, amount, tell) => {
    const sold = await sell(amount);
    await tell(sold);
    await eventually(async () => (await knownOf(sold))['email.known_goods'] === 1);
    expect((await knownOf(sold))['email.known_frauds']).toBe(0);
  });
});

describe('an order that nobody contests', () => {
  const days = (sold: Sold, count: number): Promise<unknown> =>
    shop.query(`update payments set changed_at = date_trunc('milliseconds', now()) - interval '${count} days'
      where checkout_id = '${sold.order.replace('ord_', 'chk_')}'`);
  const labelsOf = async ({ order }: Sold): Promise<readonly Record<string, unknown>[]> => {
    const { body } = await shop.call('GET', '/v1/labels');
    return (body['labels'] as Record<string, unknown>[]).filter((label) => label['order'] === order);
  };

  test('counts as good after 90 quiet days, once, and not one that was contested, refunded or is younger', async () => {
    const [quiet, young, contested, refunded, told] = [
      await sell(),
      await sell(),
      await sell(),
      await sell(),
      await sell(),
    ];
    await shop.script('POST', `charges/${await chargeOf(contested)}/dispute`, {
      reason: 'product_not_received',
    });
    await eventually(async () => (await shop.call('GET', '/v1/disputes')).text.includes(contested.order));
    await shop.call('POST', `/v1/orders/${refunded.order}/refunds`, { body: {} });
    await label(told, true);
    for (const sold of [quiet, contested, refunded, told]) await days(sold, 91);
    await days(young, 89);
    // Workers look when they start, and every hour.
    await shop.restart();
    const [found] = await eventually(async () => {
      const labels = await labelsOf(quiet);
      return labels.length > 0 && labels;
    });
    expect(found).toMatchObject({ fraud: false, source: 'quiet', strength: 'weak' });
    await eventually(async () => (await knownOf(quiet))['email.known_goods'] === 1);
    await shop.restart();
    await eventually(async () => (await knownOf(quiet))['email.known_goods'] === 1);
    expect(await labelsOf(quiet)).toHaveLength(1);
    const others = [young, contested, refunded].map(labelsOf);
    expect((await Promise.all(others)).flat()).toEqual([]);
    expect(await labelsOf(told)).toEqual([expect.objectContaining({ source: 'api' })]);
    expect((await shop.audit()).violations).toEqual([]);
  });

  test('is never called good where nobody wants that, and is tried again when it could not be labelled', async () => {
    expect(readConfig({ ...shop.env, GOOD_AFTER_DAYS: '0' }).goodAfterMs).toBeNull();
    const sold = await sell();
    await days(sold, 400);
    const failed: string[] = [];
    const each = eachRow(shop.deps, (worker) => failed.push(worker));
    expect(await labelQuietRound(shop.deps(), each, null).work()).toBe(0);
    expect(await labelsOf(sold)).toEqual([]);

    const round = labelQuietRound(shop.deps(), each, 90 * dayMs);
    await shop.query(`alter table labels add constraint away check (source <> 'quiet') not valid`);
    await round.work();
    expect(failed).toContain('label-quiet');
    expect(await labelsOf(sold)).toEqual([]);
    await shop.query('alter table labels drop constraint away');
    await eventually(async () => {
      await round.work();
      return (await labelsOf(sold)).length === 1;
    });
  });

  test('counts sooner where that is wanted, and who is contested later was a fraud after all', async () => {
    const sold = await sell();
    await days(sold, 31);
    await shop.restart({ GOOD_AFTER_DAYS: '30' });
    await eventually(async () => (await labelsOf(sold)).length === 1);
    await frauds.dispute(sold);
    await eventually(async () => (await labelsOf(sold)).length === 2);
    expect((await labelsOf(sold)).map(({ fraud }) => fraud)).toEqual([false, true]);
    await eventually(async () => (await knownOf(sold))['email.known_frauds'] === 1);
  });
});

describe('an assessment by the API', () => {
  test.each(assessmentEvents)('at %s decides what is legal there, and asks no PSP', async (event) => {
    const before = (await shop.ledger()).length;
    const signals = { customer: { email: 'a@shop.example' }, ...(event === 'checkout' && total) };
    const made = await shop.call('POST', '/v1/assessments', { body: { event, signals } });
    expect(made).toMatchObject({ status: 201, body: { event } });
    expect(legalDecisions[event]).toContain(made.body['decision']);
    const { body } = await shop.call('GET', `/v1/assessments/${String(made.body['id'])}`);
    expect(body['versions']).toMatchObject({ policy: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown });
    expect((await shop.ledger()).length).toBe(before);
  });

  test('tells rules that could not be evaluated from those that were false', async () => {
    const assess = async (signals: object): Promise<Record<string, unknown>> => {
      const made = await shop.call('POST', '/v1/assessments', { body: { event: 'checkout', signals } });
      return (await shop.call('GET', `/v1/assessments/${String(made.body['id'])}`)).body;
    };
    expect(await assess({})).toMatchObject({
      rules_fired: [],
      rules_failed: ['too-much', 'much', 'rather-much'],
    });
    expect(await assess(total)).toMatchObject({ rules_fired: [], rules_failed: [] });
  });
});

const total = { amount: 1299, currency: 'EUR' };
