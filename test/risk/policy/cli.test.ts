import { afterAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

  test('without a command prints how it is used and exits 2', () => {
    expect(policy().status).toBe(2);
  });
});
