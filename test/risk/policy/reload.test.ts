import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GenerationRefused, loadGeneration } from '../../../src/risk/generation.ts';
import { keepReloading, type Reloading } from '../../../src/risk/reload.ts';

let folder: string;
let sources: { policies: string; models: string };
let reloading: Reloading | undefined;
let refused: unknown[];
let accepted: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tillgate-reload-'));
  sources = { policies: join(folder, 'policies'), models: join(folder, 'models') };
  cpSync('policies', sources.policies, { recursive: true });
  cpSync('models', sources.models, { recursive: true });
  [refused, accepted] = [[], 0];
});
afterEach(() => {
  reloading?.close();
  reloading = undefined;
  rmSync(folder, { recursive: true });
});

const start = async (): Promise<Reloading> =>
  (reloading = await keepReloading(sources, {
    accepted: () => (accepted += 1),
    refused: (cause) => refused.push(cause),
  }));
const change = (from: string, to: string): void => {
  const file = join(sources.policies, 'checkout.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));
};
const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
};
const hashOf = ({ current }: Reloading): string => current().deciders.get('checkout')!.policy.hash;

test('a changed policy is in force without a restart', async () => {
  const running = await start();
  const before = hashOf(running);
  change('score >= 0.10', 'score >= 0.35');
  await until(() => accepted > 0);
  expect(hashOf(running)).not.toBe(before);
});

test('a model that did not change is taken over as it is', async () => {
  const running = await start();
  const model = running.current().models.get('checkout-1');
  expect(await running.reload()).toBe(true);
  expect(running.current().models.get('checkout-1')).toBe(model);
});

test('a bad policy is refused with its mistakes, the last good one stays, and a correction is taken [F13.5]', async () => {
  const running = await start();
  const before = hashOf(running);
  change('score >= 0.10', 'scor >= 0.30');
  await until(() => refused.length > 0);
  expect(hashOf(running)).toBe(before);
  expect(refused[0]).toBeInstanceOf(GenerationRefused);
  expect(String(refused[0])).toMatch(/checkout\.yaml:\d+:\d+: scor is not declared/);
  change('scor >= 0.30', 'score >= 0.31');
  expect(await running.reload()).toBe(true);
  expect(hashOf(running)).not.toBe(before);
});

test('a corrupt model is refused and the last good one stays [F13.1]', async () => {
  const running = await start();
  const model = running.current().models.get('checkout-1');
  writeFileSync(join(sources.models, 'checkout-1', 'model.onnx'), 'not a model');
  expect(await running.reload()).toBe(false);
  expect(running.current().models.get('checkout-1')).toBe(model);
});

test('a start is refused when an event has no policy, another one, or a challenger that is not there', async () => {
  rmSync(join(sources.policies, 'login.yaml'));
  cpSync(join(sources.policies, 'account-creation.yaml'), join(sources.policies, 'add-card.yaml'));
  change('degraded:', 'shadow:\n  - { name: rival, policy: challengers/rival.yaml }\ndegraded:');
  const start = loadGeneration(sources);
  await expect(start).rejects.toThrow('the challenger rival has no policy file challengers/rival.yaml');
  await expect(start).rejects.toThrow('add-card.yaml:1:1: it is a policy for account_creation, not add_card');
  await expect(start).rejects.toThrow('login.yaml:1:1: login needs a policy, there is no such file');
});

test('a file beside the policies that is none of them decides nothing', async () => {
  writeFileSync(join(sources.policies, 'notes.yaml'), 'shopping: [milk]');
  await expect(loadGeneration(sources)).resolves.toMatchObject({ deciders: { size: 4 } });
});

test('a challenger beside the policies is loaded with its own rules and model', async () => {
  cpSync(join(sources.policies, 'checkout.yaml'), join(sources.policies, 'challengers', 'bold.yaml'));
  change(
    'degraded:',
    'shadow:\n  - { name: bold, policy: challengers/bold.yaml, model: checkout-2 }\ndegraded:',
  );
  symlinkSync(join(sources.models, 'checkout-1'), join(sources.models, 'checkout-2'));
  const { deciders } = await loadGeneration(sources);
  expect(deciders.get('checkout')!.challengers).toMatchObject([
    { name: 'bold', model: { name: 'checkout-2' } },
  ]);
});
