import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestService, eventually, newId, startTestService } from '../harness/service.ts';
import { paidOrder } from '../http/routes/operations.ts';

let shop: TestService;
let checkoutFile: string;
const folder = mkdtempSync(join(tmpdir(), 'tillgate-drafts-'));
beforeAll(async () => {
  shop = await startTestService();
  checkoutFile = join(shop.env['POLICIES_DIR'] ?? '', 'checkout.yaml');
});
afterAll(async () => {
  await shop.close();
  rmSync(folder, { recursive: true });
});

const strict = `policy: checkout
rules:
  - id: anything
    when: order.amount > money("10.00", "EUR")
    then: block
    reason: Nobody buys anything
`;
const policies = async (): Promise<Record<string, unknown>[]> =>
  (await shop.call('GET', '/v1/policies')).body['policies'] as Record<string, unknown>[];
const assessmentOf = async (order: string): Promise<Record<string, unknown>> => {
  const { body } = await shop.call('GET', `/v1/checkouts/${order.replace('ord_', 'chk_')}`);
  const { id } = body['assessment'] as { id: string };
  return (await shop.call('GET', `/v1/assessments/${id}`)).body;
};
const command = (
  script: string,
  ...args: string[]
): { status: number | null; last: Record<string, unknown> } => {
  const from = ['--policies', shop.env['POLICIES_DIR'] ?? '', '--database', shop.databaseUrl];
  const { status, stdout } = spawnSync(process.execPath, [`src/cli/${script}.ts`, ...args, ...from], {
    encoding: 'utf8',
  });
  return { status, last: JSON.parse(stdout.trimEnd().split('\n').at(-1) || '{}') as Record<string, unknown> };
};

describe('the policies in force', () => {
  test('are shown with hash, rules as written, and the model whose score they read', async () => {
    const all = await policies();
    expect(all.map(({ event }) => event)).toEqual(['account_creation', 'add_card', 'checkout', 'login']);
    const { body } = await shop.call('GET', '/v1/policies/checkout');
    expect(body).toMatchObject({
      event: 'checkout',
      decisions: ['allow', 'challenge', 'review', 'block'],
      model: { name: 'checkout-1' },
      source: readFileSync(checkoutFile, 'utf8'),
      history: [{ hash: body['hash'] as string }],
    });
    expect((body['rules'] as unknown[])[0]).toEqual({
      id: 'too-much',
      when: 'order.amount >= amount("blocked")',
      then: 'block',
      reason: 'Nobody buys that much',
    });
    const order = await paidOrder(shop);
    expect((await assessmentOf(order))['versions']).toMatchObject({ policy: String(body['hash']) });
  });

  test('that a file replaces stay on record with their text, and are recorded once', async () => {
    const before = readFileSync(checkoutFile, 'utf8');
    const activations = async (): Promise<{ source: string }[]> =>
      (await shop.call('GET', '/v1/policies/checkout')).body['history'] as { source: string }[];
    writeFileSync(checkoutFile, before.replace('Nobody buys that much', 'That much is refused'));
    await eventually(async () => (await activations()).length === 2);
    writeFileSync(checkoutFile, before);
    await eventually(async () => (await activations()).length === 3);
    await shop.restart();
    const history = await activations();
    expect(history.map(({ source }) => source === before)).toEqual([true, false, true]);
  });

  test('stay when their file goes bad', async () => {
    const before = readFileSync(checkoutFile, 'utf8');
    const [{ hash }] = (await policies()).filter(({ event }) => event === 'checkout') as [{ hash: string }];
    const alarm = async (): Promise<string> => (await fetch(`${shop.admin()}/metrics`)).text();
    expect(await alarm()).toMatch(/^tillgate_policy_refused 0$|^(?!.*tillgate_policy_refused 1)/m);
    writeFileSync(checkoutFile, before.replace('order.amount', 'order.amont'));
    await eventually(async () => /^tillgate_policy_refused 1$/m.test(await alarm()));
    expect((await policies()).find(({ event }) => event === 'checkout')).toMatchObject({ hash });
    writeFileSync(checkoutFile, before);
    await eventually(async () => /^tillgate_policy_refused 0$/m.test(await alarm()));
  });
});

describe('a draft', () => {
  test('is told every mistake with its place and a hint', async () => {
    const source = strict.replace('order.amount', 'order.amont').replace('block', 'blok');
    expect((await shop.call('POST', '/v1/policies/check', { body: { source } })).body).toEqual({
      hash: null,
      mistakes: [
        {
          line: 4,
          column: 11,
          message: 'order.amont is not declared at checkout',
          hint: 'did you mean order.amount?',
        },
        {
          line: 5,
          column: 11,
          message: '`then` cannot be blok: allow, challenge, review, block',
          hint: 'did you mean block?',
        },
      ],
    });
    const good = await shop.call('POST', '/v1/policies/check', { body: { source: strict } });
    expect(good.body['mistakes']).toEqual([]);
    expect(good.body['hash']).toMatch(/^[0-9a-f]{64}$/);
    for (const path of ['/v1/policies/backtest', '/v1/shadows'])
      expect(await shop.call('POST', path, { body: { name: 'bad', source } })).toMatchObject({ status: 422 });
  });

  test('is backtested on what was recorded, with what is known of it', async () => {
    const first = await paidOrder(shop, { amount: 5000 });
    await paidOrder(shop, { amount: 900 });
    await shop.call('POST', '/v1/labels', { body: { order: first, fraud: false } });
    const { body } = await shop.call('POST', '/v1/policies/backtest', { body: { source: strict } });
    const over = body['flips'] as number;
    expect(body['assessments']).toBeGreaterThan(over);
    expect(body['by']).toMatchObject({ 'allow→block': { flips: over, good: 1, fraud: 0 } });
    const file = join(folder, 'strict.yaml');
    writeFileSync(file, strict);
    const { status, last } = command('policy', 'backtest', '--policy', file);
    expect([status, last]).toMatchObject([
      0,
      {
        assessments: body['assessments'] as number,
        flips: over,
        money_minor: body['money_minor'] as number,
        by: body['by'] as object,
      },
    ]);
  });

  test('in shadow is recorded beside the decision, for its merchant alone, and compared', async () => {
    const body = { name: 'strict', source: strict };
    const added = await shop.call('POST', '/v1/shadows', { body });
    expect(added).toMatchObject({
      status: 201,
      body: { name: 'strict', event: 'checkout', status: 'active' },
    });
    expect((await shop.call('POST', '/v1/shadows', { body })).body['code']).toBe('shadow_refused');
    const order = await paidOrder(shop, { amount: 5000 });
    expect(await assessmentOf(order)).toMatchObject({
      decision: 'allow',
      shadows: [{ name: 'strict', decision: 'block', rules_fired: ['anything'] }],
    });
    const theirs = await shop.call('POST', '/v1/assessments', {
      key: shop.otherKeys.secretKey,
      body: { event: 'checkout', signals: { amount: 5000, currency: 'EUR' } },
    });
    const seen = await shop.call('GET', `/v1/assessments/${String(theirs.body['id'])}`, {
      key: shop.otherKeys.secretKey,
    });
    expect(seen.body['shadows']).toEqual([]);
    await shop.call('POST', '/v1/labels', { body: { order, fraud: true } });
    const { body: list } = await shop.call('GET', '/v1/shadows');
    expect(list['comparisons']).toEqual([
      {
        event: 'checkout',
        name: 'strict',
        policy: added.body['policy'] as string,
        live: 'allow',
        shadow: 'block',
        assessments: 1,
        fraud: 1,
        good: 0,
      },
    ]);
    await shop.restart();
    const again = await assessmentOf(await paidOrder(shop, { amount: 5000 }));
    expect(again['shadows']).toMatchObject([{ name: 'strict' }]);
    const removed = await shop.call('DELETE', `/v1/shadows/${String(added.body['id'])}`);
    expect(removed.body).toMatchObject({ status: 'removed' });
    const after = await assessmentOf(await paidOrder(shop, { amount: 5000 }));
    expect(after['shadows']).toEqual([]);
  });
});

describe('npm run assessments -- replay', () => {
  test('draws a stored conclusion again bit for bit, though its policy and its draft are gone', async () => {
    const before = readFileSync(checkoutFile, 'utf8');
    const draft = await shop.call('POST', '/v1/shadows', { body: { name: 'then', source: strict } });
    const { id } = await assessmentOf(await paidOrder(shop, { amount: 710_000 }));
    await shop.call('DELETE', `/v1/shadows/${String(draft.body['id'])}`);
    writeFileSync(checkoutFile, before.replace('That much is proved first', 'Prove it'));
    try {
      expect(command('assessments', 'replay', String(id))).toEqual({
        status: 0,
        last: { id, replayed: 'same' },
      });
    } finally {
      writeFileSync(checkoutFile, before);
    }
    expect(command('assessments', 'replay', newId('asm')).status).toBe(1);
  });
});
