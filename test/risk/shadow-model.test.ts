import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestService, eventually, startTestService } from '../harness/service.ts';

const folder = mkdtempSync(join(tmpdir(), 'tillgate-models-'));
let shop: TestService;
beforeAll(async () => {
  cpSync('models', folder, { recursive: true });
  cpSync('models/checkout-1', join(folder, 'checkout-2'), { recursive: true });
  const features = join(folder, 'checkout-2', 'features.json');
  writeFileSync(features, readFileSync(features, 'utf8').replace('"checkout-1"', '"checkout-2"'));
  shop = await startTestService({ env: { MODELS_DIR: folder } });
});
afterAll(async () => {
  await shop.close();
  rmSync(folder, { recursive: true });
});

type Shown = {
  readonly score: number;
  readonly versions: { readonly model: string };
  readonly shadows: readonly {
    readonly name: string;
    readonly score: number | null;
    readonly decision: string;
  }[];
};

test('a model of another directory, a policy, and both at once are tried beside the live ones', async () => {
  const policies = shop.env['POLICIES_DIR'] ?? '';
  const file = join(policies, 'checkout.yaml');
  const strict =
    'policy: checkout\nmodel: checkout-1\nrules:\n  - { id: any, when: score >= 0, then: block, reason: Any }\n';
  mkdirSync(join(policies, 'challengers'), { recursive: true });
  writeFileSync(join(policies, 'challengers', 'strict.yaml'), strict);
  const challengers = `shadow:
  - { name: other-model, model: checkout-2 }
  - { name: other-policy, policy: challengers/strict.yaml }
  - { name: both, policy: challengers/strict.yaml, model: checkout-2 }
`;
  writeFileSync(file, `${readFileSync(file, 'utf8')}${challengers}`);
  const signals = { customer: { email: 'a@shop.example' }, amount: 1299, currency: 'EUR' };
  const assess = async (): Promise<Shown> => {
    const made = await shop.call('POST', '/v1/assessments', { body: { event: 'checkout', signals } });
    return (await shop.call('GET', `/v1/assessments/${String(made.body['id'])}`)).body as unknown as Shown;
  };
  const shown = await eventually(async () => {
    const seen = await assess();
    return seen.shadows.length === 3 && seen;
  });
  const { score } = shown;
  expect(shown.shadows).toMatchObject([
    { name: 'other-model', decision: 'allow', score },
    { name: 'other-policy', decision: 'block', score },
    { name: 'both', decision: 'block', score },
  ]);
  const { body } = await shop.call('GET', '/v1/policies/checkout');
  const models = (body['challengers'] as { model: string }[]).map(({ model }) => model);
  expect([models[0] === models[2], models[0] === models[1], models[1] === shown.versions.model]).toEqual([
    true,
    false,
    true,
  ]);
  const { body: list } = await shop.call('GET', '/v1/shadows');
  expect(list['comparisons']).toMatchObject([
    { name: 'both', live: 'allow', shadow: 'block', assessments: 1 },
    { name: 'other-model', live: 'allow', shadow: 'allow', assessments: 1 },
    { name: 'other-policy', live: 'allow', shadow: 'block', assessments: 1 },
  ]);
});
