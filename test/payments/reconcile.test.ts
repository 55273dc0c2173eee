import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { standInAdyen } from '../../src/cli/stand-in-psps.ts';
import { reconcile } from '../../src/flows/reconcile.ts';
import { dayMs, hourMs, minuteMs } from '../../src/kernel/instant.ts';
import { chargesFromReport } from '../../src/psp/adyen/accounting-report.ts';
import { createAdyenPsp } from '../../src/psp/adyen/adyen.ts';
import { createStripePsp } from '../../src/psp/stripe/stripe.ts';
import { showFigure } from '../harness/figure.ts';
import { eventually } from '../harness/service.ts';
import { type TwoPsps, adyenCard, orderOf, pspReferenceOf, startWithTwoPsps } from './two-psps.ts';

let shop: TwoPsps;
beforeAll(async () => {
  shop = await startWithTwoPsps();
});
afterAll(() => shop.close());

const span = { since: Date.now() - hourMs, until: Date.now() + hourMs };

function stripe() {
  const psp = createStripePsp({
    account: 'default',
    secretKey: shop.env['STRIPE_SECRET_KEY'] ?? '',
    webhookSecrets: ['whsec_x'],
    baseUrl: shop.stripeUrl,
    timeoutMs: 5_000,
    clock: Date.now,
  });
  return { merchantId: shop.merchantId, psp };
}

function adyen() {
  const { apiKey, account, hmacKey } = standInAdyen;
  const common = { environment: 'test' as const, timeoutMs: 5_000, clock: Date.now };
  return {
    merchantId: shop.merchantId,
    psp: createAdyenPsp({ account, apiKey, hmacKeys: [hmacKey], baseUrl: shop.adyenUrl, ...common }),
  };
}

async function report(): Promise<string> {
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '_');
  const response = await fetch(`${shop.adyenUrl}/reports/payments_accounting_report_${day}.csv`, {
    headers: { 'x-api-key': standInAdyen.apiKey },
  });
  return response.text();
}

it('a day on which both sides agree has no differences, at either PSP', async () => {
  for (const body of [{ payment_method: 'pm_card_visa' }, { payment_methods: { adyen: adyenCard() } }]) {
    await shop.pay(body);
    const paid = await shop.pay(body);
    await shop.call('POST', `/v1/orders/${orderOf(paid)}/refunds`, {
      body: { amount: 300, currency: 'EUR' },
    });
    await shop.pay(body, { capture_mode: 'manual' });
  }
  await eventually(async () => {
    const [row] = await shop.query(
      `select count(*)::int as moving from movements where state in ('prepared', 'pending')`,
    );
    return row?.['moving'] === 0;
  });
  const atStripe = await reconcile({ store: shop.store }, stripe(), span);
  expect(atStripe).toEqual({ psp: 'stripe', account: 'default', compared: 3, differences: [] });
  const charges = chargesFromReport(await report());
  const atAdyen = await reconcile({ store: shop.store }, adyen(), span, charges);
  expect(atAdyen).toEqual({ psp: 'adyen', account: standInAdyen.account, compared: 3, differences: [] });
});

it('every kind of difference is found', async () => {
  const known = await shop.query(`select id, psp_reference from attempts where psp = 'stripe' order by id`);
  const [first, second, third] = known.map(({ id }) => id as string);
  await shop.query(`update attempts set amount = 1 where id = '${first}'`);
  await shop.query(`update movements set amount = 2 where attempt_id = '${second}' and kind = 'refund'`);
  await shop.query(
    `update attempts set psp_reference = 'pi_elsewhere', psp_account = 'other' where id = '${third}'`,
  );
  const done = await reconcile({ store: shop.store }, stripe(), span);
  const kinds = done?.differences.map(({ kind }) => kind).sort();
  expect(kinds).toEqual(['authorized', 'refunded', 'unknown_here']);
  showFigure(
    `reconciliation: ${done?.compared ?? 0} charges compared, differences ${kinds?.join(', ') ?? ''}`,
  );
  const nobody = { since: span.since - dayMs, until: span.since - dayMs + hourMs };
  expect((await reconcile({ store: shop.store }, stripe(), nobody))?.compared).toBe(0);
});

it('a charge that the PSP does not list is found once it is inside the span for certain', async () => {
  const done = await reconcile({ store: shop.store }, adyen(), span, []);
  expect(done?.differences.map(({ kind }) => kind)).toEqual([
    'unknown_there',
    'unknown_there',
    'unknown_there',
  ]);
});

it('an account without a list of charges is left alone', async () => {
  expect(await reconcile({ store: shop.store }, adyen(), span)).toBeNull();
});

it('a day is compared by one process, again when that one did not end it, and never once it has', async () => {
  const account = { psp: 'stripe', account: 'claimed' } as const;
  const claim = (at: number) => shop.store.settling.claimReconciliation(account, '2026-01-02', at);
  const now = Date.now();
  const ten = await Promise.all(Array.from({ length: 10 }, () => claim(now)));
  expect(ten.filter(Boolean)).toHaveLength(1);
  expect(await claim(now + 29 * minuteMs)).toBe(false);
  expect(await claim(now + 31 * minuteMs)).toBe(true);
  await shop.store.settling.endReconciliation(account, '2026-01-02', now + 32 * minuteMs);
  expect(await claim(now + dayMs)).toBe(false);
});

it('days that nobody compared are made up, a week of them, and no day that was compared is compared again', async () => {
  const compared = async () => {
    const rows = await shop.query(`select day::text, begun_at from reconciliations
      where psp_account = 'default' and done_at is not null order by day desc`);
    return rows.map(({ day, begun_at }) => `${String(day)} ${(begun_at as Date).toISOString()}`);
  };
  const week = Array.from({ length: 7 }, (_, n) =>
    new Date(Date.now() - (n + 1) * dayMs).toISOString().slice(0, 10),
  );
  const before = await eventually(async () => {
    const days = await compared();
    return days.length === 7 && days;
  });
  expect(before.map((each) => each.slice(0, 10))).toEqual(week);
  await shop.query(
    `delete from reconciliations where psp_account = 'default' and day in ('${week[1]}', '${week[4]}')`,
  );
  await shop.restart();
  const after = await eventually(async () => {
    const days = await compared();
    return days.length === 7 && days;
  });
  expect(after.filter((each) => !before.includes(each)).map((each) => each.slice(0, 10))).toEqual([
    week[1],
    week[4],
  ]);
});

it.each([true, false])(
  'a charge in quarantine is known here: a difference only when the PSP says something else now',
  async (same) => {
    const paid = await shop.misheard({ payment_method: 'pm_card_visa' });
    expect(paid.body).toMatchObject({ payment: { status: 'quarantined' } });
    // As if it had been quarantined for another reason than its amount.
    if (same)
      await shop.query(`update attempts set detail = jsonb_set(detail, '{said,amount,amount}', '"1299"')
      where checkout_id = '${String(paid.body['id'])}'`);
    const done = await reconcile({ store: shop.store }, stripe(), span);
    const found = done?.differences.filter(({ pspReference }) => pspReference === pspReferenceOf(paid));
    expect(found).toMatchObject(same ? [] : [{ kind: 'authorized', here: '1', there: '1299' }]);
  },
);
