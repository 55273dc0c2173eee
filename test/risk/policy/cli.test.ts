import { afterAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'tillgate-policy-'));
afterAll(() => rmSync(folder, { recursive: true }));

function policy(...args: string[]): { status: number | null; lines: string[]; summary: unknown } {
  const { status, stdout } = spawnSync(process.execPath, ['src/cli/policy.ts', ...args], {
    encoding: 'utf8',
  });
  const lines = stdout.trimEnd().split('\n');
  const last = lines.at(-1) ?? '';
  return { status, lines, summary: last.startsWith('{') ? JSON.parse(last) : null };
}

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const checkout = readFileSync('policies/checkout.yaml', 'utf8');
const recorded = {
  id: 'asm_1',
  event: 'checkout',
  decision: 'allow',
  score: 0.25,
  features: { 'email.known_frauds': 0 },
  findings: { 'order.amount': '5990 EUR', 'order.currency': 'EUR' },
  degraded: [],
  rulesSnoozed: [],
  fraud: false,
};

describe('npm run policy', () => {
  test('check passes the shipped policies', () => {
    expect(policy('check')).toMatchObject({ status: 0, summary: { policies: 4, mistakes: 0 } });
  });

  test('check prints three planted mistakes with file, line, column and hint, and exits 1', () => {
    const file = write(
      'planted.yaml',
      checkout
        .replace('card.known_frauds > 0', 'card.known_fraud > 0')
        .replace('then: review', 'then: reveiw')
        .replace('model: checkout-1', 'modle: checkout-1')
        .replaceAll('score', 'order.value'),
    );
    const { status, lines } = policy('check', file);
    expect(status).toBe(1);
    expect(lines.slice(0, -1)).toEqual([
      expect.stringMatching(/planted\.yaml:4:1: a policy has no key modle \(hint: did you mean model\?\)$/),
      expect.stringMatching(
        /planted\.yaml:\d+:11: card\.known_fraud is not declared at checkout \(hint: did you mean card\.known_frauds\?\)$/,
      ),
      expect.stringMatching(
        /planted\.yaml:\d+:11: `then` cannot be reveiw.*\(hint: did you mean review\?\)$/,
      ),
    ]);
  });

  test('test runs the examples and fails on one that does not hold', () => {
    expect(policy('test')).toMatchObject({ status: 0, summary: { failed: 0 } });
    const file = write('checkout.yaml', checkout);
    write(
      'checkout.test.yaml',
      'examples:\n  - name: wrong\n    given: { score: 0.9 }\n    expect: { decision: allow }\n',
    );
    const { status, lines } = policy('test', file);
    expect(status).toBe(1);
    expect(lines[0]).toMatch(
      /checkout\.test\.yaml:2:5: wrong: the decision should be allow, the policy says challenge$/,
    );
  });

  test('test fails on a policy that is refused, and on one without examples that is asked for', () => {
    cpSync('policies', join(folder, 'refused'), { recursive: true });
    write('refused/checkout.yaml', checkout.replaceAll('score', 'scor'));
    const { status, lines } = policy('test', '--policies', join(folder, 'refused'));
    expect(status).toBe(1);
    expect(lines[0]).toMatch(/checkout\.yaml:\d+:\d+: scor is not declared at checkout/);
    expect(policy('test', 'policies/limits.yaml').status).toBe(1);
  });

  test.each([
    [
      'a file that is not there',
      ['check', 'policies/chekout.yaml'],
      /^policies\/chekout\.yaml:1:1: it cannot be read/,
    ],
    ['a folder', ['check', 'policies'], /^policies:1:1: it cannot be read/],
    [
      'examples that are not there',
      ['test', 'policies/limits.yaml'],
      /^policies\/limits\.yaml:\d+:1: a policy has no key/,
    ],
    [
      'recordings that are none',
      ['backtest', '--policy', 'policies/checkout.yaml', '--assessments', 'policies/checkout.yaml'],
      /^policies\/checkout\.yaml:1:1: not a recorded assessment/,
    ],
    [
      'recordings that are not there',
      ['backtest', '--policy', 'policies/checkout.yaml', '--assessments', 'nowhere.ndjson'],
      /^nowhere\.ndjson:1:1: it cannot be read/,
    ],
  ])('%s is told in a line', (_, args, said) => {
    const { status, lines } = policy(...args);
    expect(status).toBe(1);
    expect(lines[0]).toMatch(said);
  });

  test('a model that is refused is told in a line', () => {
    cpSync('models', join(folder, 'models'), { recursive: true });
    write('models/checkout-1/features.json', '{');
    const { status, lines } = policy('check', '--models', join(folder, 'models'));
    expect(status).toBe(1);
    expect(lines).toEqual([
      expect.stringMatching(/^the model in .* is refused: features\.json has another shape$/),
    ]);
  });

  test('backtest counts flips, money and good buyers', () => {
    // The shipped model scores recorded features again; a policy without a model keeps the recorded score unread.
    const file = write(
      'stricter.yaml',
      'policy: checkout\nrules:\n  - id: any\n    when: order.amount > money("50.00", "EUR")\n    then: block\n    reason: b\n',
    );
    const small = { ...recorded, id: 'asm_2', findings: { 'order.amount': '900 EUR' } };
    const login = { ...recorded, id: 'asm_3', event: 'login' };
    const assessments = write(
      'recorded.ndjson',
      [recorded, small, login].map((one) => JSON.stringify(one)).join('\n'),
    );
    const { status, lines, summary } = policy('backtest', '--policy', file, '--assessments', assessments);
    expect(status).toBe(0);
    expect(lines[0]).toBe('asm_1 allow→block 5990 EUR any');
    expect(summary).toMatchObject({
      assessments: 2,
      flips: 1,
      money_minor: 5990,
      by: { 'allow→block': { flips: 1, money_minor: 5990, fraud: 0, good: 1 } },
    });
    const same = policy('diff', file, file, '--assessments', assessments);
    expect(same).toMatchObject({ status: 0, summary: { assessments: 2, flips: 0 } });
  });

  test('backtest asks the model of a policy where the one in force had none, and not where parts were missing', () => {
    const file = write(
      'scored.yaml',
      'policy: checkout\nmodel: checkout-1\nrules:\n  - id: any\n    when: score >= 0\n    then: block\n    reason: b\n',
    );
    const unscored = { ...recorded, score: null };
    const missing = { ...unscored, id: 'asm_2', decision: 'challenge', degraded: ['velocity_unavailable'] };
    const assessments = write(
      'unscored.ndjson',
      [unscored, missing].map((one) => JSON.stringify(one)).join('\n'),
    );
    const { summary } = policy('backtest', '--policy', file, '--assessments', assessments);
    expect(summary).toMatchObject({ assessments: 2, flips: 1, by: { 'allow→block': { flips: 1 } } });
  });

  test('without a command prints how it is used and exits 2', () => {
    expect(policy().status).toBe(2);
  });
});
