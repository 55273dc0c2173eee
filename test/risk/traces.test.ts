import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { tracedKinds, type TracedKind } from '../../src/domain/risk/entities.ts';
import { newId, type TestService, startTestService } from '../harness/service.ts';
import { card } from '../http/routes/operations.ts';

let shop: TestService;
beforeAll(async () => {
  shop = await startTestService();
});
afterAll(() => shop.close());

type Traced = {
  readonly id: string;
  readonly event: string;
  readonly order: string | null;
  readonly fraud: boolean | null;
};
type Page = { readonly assessments: readonly Traced[]; readonly next: string | null };

async function assess(signals: object, event = 'login'): Promise<string> {
  const { body } = await shop.call('POST', '/v1/assessments', { body: { event, signals } });
  return String(body['id']);
}

async function entitiesOf(assessment: string): Promise<Record<TracedKind, string>> {
  const { body } = await shop.call('GET', `/v1/assessments/${assessment}`);
  return body['entities'] as Record<TracedKind, string>;
}

async function trace(kind: string, key: string, more = ''): Promise<Page> {
  const { body } = await shop.call('GET', `/v1/assessments?kind=${kind}&key=${key}${more}`);
  return body as Page;
}

describe('what somebody did', () => {
  test('is told by pseudonym: what two buyers on one device did, the newest first, and no other device', async () => {
    const device = { id: newId('req') };
    const first = await assess({ customer: { reference: 'ann' }, device }, 'account_creation');
    const second = await assess({ customer: { reference: 'bob' }, device });
    await assess({ customer: { reference: 'ann' }, device: { id: newId('req') } });
    const { device: key } = await entitiesOf(first);
    const { assessments, next } = await trace('device', key);
    expect(assessments.map(({ id, event }) => ({ id, event }))).toEqual([
      { id: second, event: 'login' },
      { id: first, event: 'account_creation' },
    ]);
    expect(next).toBeNull();
    expect((await trace('ip', key)).assessments).toEqual([]);
  });

  test('comes with the order and with what it turned out to be', async () => {
    const email = `${newId('cus')}@shop.example`;
    const opened = await shop.call('POST', '/v1/checkouts', {
      body: { amount: 1299, currency: 'EUR', customer: { email } },
    });
    const path = `/v1/checkouts/${String(opened.body['id'])}/confirm`;
    const paid = await shop.call('POST', path, { body: card });
    const order = (paid.body['order'] as { id: string }).id;
    const { email: key } = await entitiesOf((paid.body['assessment'] as { id: string }).id);
    expect((await trace('email', key)).assessments).toMatchObject([
      { event: 'checkout', order, fraud: null },
    ]);
    await shop.call('POST', '/v1/labels', { body: { order, fraud: true } });
    expect((await trace('email', key)).assessments).toMatchObject([{ order, fraud: true }]);
  });

  test('comes in pages that neither repeat nor leave out', async () => {
    const signals = { customer: { reference: newId('cus') } };
    const made: string[] = [];
    for (let n = 0; n < 101; n += 1) made.push(await assess(signals));
    const { account } = await entitiesOf(made[0] ?? '');
    const seen: string[] = [];
    const pages: number[] = [];
    for (let page = await trace('account', account); ;) {
      seen.push(...page.assessments.map(({ id }) => id));
      pages.push(page.assessments.length);
      if (page.next === null) break;
      page = await trace('account', account, `&after=${page.next}`);
    }
    expect(pages).toEqual([50, 50, 1]);
    expect(seen).toEqual(made.toSorted().reverse());
  });

  test('is nobody else’s to see, even with the pseudonym', async () => {
    const { account } = await entitiesOf(await assess({ customer: { reference: newId('cus') } }));
    const path = `/v1/assessments?kind=account&key=${account}`;
    const { status, body } = await shop.call('GET', path, { key: shop.otherKeys.secretKey });
    expect({ status, body }).toEqual({ status: 200, body: { assessments: [], next: null } });
  });

  test.each([
    '?kind=shop&key=AbCdEfGh0123',
    '?kind=email&key=a@b.example',
    '?kind=email',
    '?key=AbCdEfGh0123',
  ])('%s is refused', async (query) => {
    expect((await shop.call('GET', `/v1/assessments${query}`)).status).toBe(422);
  });

  test.each(tracedKinds)('is found by an index of its own, by %s', async (kind) => {
    const client = new Client(`${shop.databaseUrl}?options=-c%20enable_seqscan%3Doff`);
    await client.connect();
    const { rows: plan } =
      await client.query(`explain select a.id from assessments as a where a.record -> 'entities' ->> '${kind}' = 'k'
      and a.merchant_id = 'm' and a.id < 'asm_x' order by a.id desc limit 50`);
    await client.end();
    expect(JSON.stringify(plan)).toMatch(new RegExp(`Index Scan.* assessments_by_${kind} .*Cond.*'k'`));
  });
});
