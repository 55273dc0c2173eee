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

describe('a policy of a merchant’s own', () => {
  const stricter = strict.replace('10.00', '5.00');
  const laxer = strict.replace('10.00', '500.00');
  const change = (what: 'activate' | 'roll-back', body: object, event = 'checkout') =>
    shop.call('POST', `/v1/policies/${event}/${what}`, { body: { because: 'we were attacked', ...body } });
  const hashOf = (reply: { readonly body: Record<string, unknown> } | undefined) =>
    String(reply?.body['hash']);
  const read = async () => (await shop.call('GET', '/v1/policies/checkout')).body;
  const decided = async (key: string, amount: number): Promise<Record<string, unknown>> => {
    const body = { event: 'checkout', signals: { amount, currency: 'EUR' } };
    return (await shop.call('POST', '/v1/assessments', { key, body })).body;
  };
  const heard = async (key: string): Promise<object[]> =>
    (await shop.events({ key }))
      .filter(({ type, data }) => type === 'policy.activated' && data['event'] === 'checkout')
      .map(({ data }) => data);

  test('decides for its merchant alone, outlives a restart, and rolls back to the file step by step', async () => {
    const { secretKey } = shop.keys;
    const file = String((await read())['hash']);
    const before = (await heard(shop.otherKeys.secretKey)).length;
    const told = (await heard(secretKey)).length;
    const first = await change('activate', { source: stricter, replaces: file });
    expect(first).toMatchObject({ status: 200, body: { origin: 'merchant', outdated: null } });
    const second = await change('activate', { source: laxer, replaces: hashOf(first) });
    expect(second.status).toBe(200);
    expect((await decided(secretKey, 60_000))['decision']).toBe('block');
    expect((await decided(secretKey, 2_000))['decision']).toBe('allow');
    expect((await decided(shop.otherKeys.secretKey, 60_000))['decision']).toBe('allow');

    await shop.restart();
    expect((await decided(secretKey, 60_000))['decision']).toBe('block');
    const back = await change('roll-back', { replaces: hashOf(second) });
    expect(hashOf(back)).toBe(hashOf(first));
    expect((await decided(secretKey, 2_000))['decision']).toBe('block');
    const atFile = await change('roll-back', { replaces: hashOf(first) });
    expect(atFile.body).toMatchObject({ hash: file, origin: 'file' });
    expect((await decided(secretKey, 60_000))['decision']).toBe('allow');
    const more = await change('roll-back', { replaces: file });
    expect(more).toMatchObject({ status: 409, body: { code: 'policy_conflict' } });

    expect(((await read())['history'] as object[]).slice(0, 4)).toMatchObject([
      {
        hash: file,
        origin: 'file',
        because: 'we were attacked',
        activated_by: expect.stringMatching(/^key_/) as unknown,
      },
      { hash: hashOf(first), origin: 'merchant' },
      { hash: hashOf(second), origin: 'merchant', source: laxer },
      { hash: hashOf(first), origin: 'merchant' },
    ]);
    expect((await heard(secretKey)).slice(told)).toMatchObject([
      { hash: hashOf(first), previous_hash: file, version: 1, origin: 'merchant', rules: 1 },
      { hash: hashOf(second), previous_hash: hashOf(first), version: 2, origin: 'merchant' },
      { hash: hashOf(first), previous_hash: hashOf(second), version: 3, origin: 'merchant' },
      { hash: file, previous_hash: hashOf(first), origin: 'file', rules: 3 },
    ]);
    expect(await heard(shop.otherKeys.secretKey)).toHaveLength(before);
  });

  test('two that come at once replace each other’s in turn, never both the same', async () => {
    const file = String((await read())['hash']);
    const replies = await Promise.all(
      [stricter, laxer].map((source) => change('activate', { source, replaces: file })),
    );
    expect(replies.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    const won = replies.find(({ status }) => status === 200);
    expect((await read())['hash']).toBe(hashOf(won));
    expect((await change('roll-back', { replaces: hashOf(won) })).body['hash']).toBe(file);
  });

  test('with mistakes, for another event, with challengers, or over what is no longer there is refused', async () => {
    const replaces = String((await read())['hash']);
    const code = async (body: object, event?: string) =>
      String((await change('activate', body, event)).body['code']);
    expect(await code({ source: strict.replace('order.amount', 'order.amont'), replaces })).toBe(
      'policy_refused',
    );
    expect(await code({ source: strict, replaces }, 'login')).toBe('policy_refused');
    const shadow = 'shadow: [{ name: again, model: checkout-1 }]\n';
    expect(await code({ source: strict + shadow, replaces })).toBe('policy_refused');
    expect(await code({ source: strict, replaces: 'f'.repeat(64) })).toBe('policy_conflict');
    expect(await code({ source: readFileSync(checkoutFile, 'utf8'), replaces })).toBe('policy_conflict');
    expect((await read())['hash']).toBe(replaces);
  });

  test('that no longer fits its lists leaves the file to decide, degraded, and says so', async () => {
    const lists = join(shop.env['POLICIES_DIR'] ?? '', 'lists.yaml');
    const before = readFileSync(lists, 'utf8');
    const file = String((await read())['hash']);
    writeFileSync(lists, `${before}  testers: { kind: watch, of: email.address, text: Testers }\n`);
    const source = strict.replace(
      'order.amount > money("10.00", "EUR")',
      'in_list("testers", email.address)',
    );
    await eventually(async () => (await change('activate', { source, replaces: file })).status === 200);
    const own = String((await read())['hash']);
    writeFileSync(lists, before);
    await eventually(async () => (await read())['outdated'] === own);
    expect(await read()).toMatchObject({ hash: file, origin: 'file' });
    expect(await decided(shop.keys.secretKey, 1_000)).toMatchObject({ decision: 'challenge' });
    expect((await change('roll-back', { replaces: own })).body).toMatchObject({ hash: file, outdated: null });
    expect(await decided(shop.keys.secretKey, 1_000)).toMatchObject({ decision: 'allow' });
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
