import { beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import type { Policy } from '../../../src/domain/risk/policy/policy.ts';
import { declaredModels, readPolicies, surroundingsOf } from '../../../src/risk/generation.ts';
import { runExamples } from '../../../src/risk/policy/examples.ts';
import { readLists } from '../../../src/risk/policy/lists.ts';
import { toText } from '../../../src/risk/policy/mistake.ts';
import { readPolicy, type Surroundings } from '../../../src/risk/policy/read-policy.ts';
import { vocabularyTable } from '../../../src/risk/vocabulary-table.ts';

const guide = readFileSync('docs/policies.md', 'utf8');
const blocks = [...guide.matchAll(/```(\w+)(?: (\w+))?\n(.*?)```/gs)].map(
  ([, language, kind = '', text = '']) => ({
    language,
    kind,
    text,
  }),
);
const block = (language: string, kind: string): string =>
  blocks.find((one) => one.language === language && one.kind === kind)!.text;

let surroundings: Surroundings;
beforeAll(async () => {
  const models = await declaredModels('models');
  surroundings = surroundingsOf(models, (await readPolicies('policies', models)).lists);
});

function read(text: string): { policy: Policy | null; mistakes: readonly string[] } {
  const result = readPolicy('policies/checkout.yaml', text, surroundings);
  return 'policy' in result
    ? { policy: result.policy, mistakes: [] }
    : { policy: null, mistakes: result.mistakes.map(toText) };
}

describe('docs/policies.md', () => {
  const policies = blocks.filter(({ kind, text }) => kind === '' && text.startsWith('policy:'));
  test.each(policies.map(({ text }, index) => [String(index + 1), text] as const))(
    'shows a policy that can be used (%s)',
    (_, text) => {
      expect(read(text).mistakes).toEqual([]);
    },
  );

  test('shows lists that can be used', () => {
    const lists = blocks.filter(({ text }) => text.startsWith('lists:'));
    expect(lists.map(({ text }) => readLists('lists.yaml', text).mistakes)).toEqual([[]]);
  });

  test('shows what is printed for a mistaken file', () => {
    expect(read(block('yaml', 'mistaken')).mistakes).toEqual(block('text', '').trim().split('\n'));
  });

  test('shows examples that hold for the policy shown', () => {
    const { policy } = read(policies[0]!.text);
    const { run, mistakes } = runExamples(
      'checkout.test.yaml',
      block('yaml', 'examples'),
      policy!,
      surroundings,
    );
    expect([run, mistakes.map(toText)]).toEqual([3, []]);
  });

  const answers: Readonly<Record<string, boolean | undefined>> = {
    true: true,
    false: false,
    unknown: undefined,
  };
  const rows = [
    ...guide.matchAll(/^\| `(.*card\.country.*)`(?:, score ([\d.]+))? +\| (true|false|unknown)/gm),
  ];
  test.each(
    rows.map(([, condition = '', score = '0', answer = '']) => [
      condition.replaceAll('\\|', '|'),
      score,
      answer,
    ]),
  )('is right about `%s` with score %s being %s', (condition, score, answer) => {
    const { policy, mistakes } = read(
      `policy: checkout\nmodel: checkout-1\nrules:\n  - { id: a, when: '${condition}', then: block, reason: b }`,
    );
    expect(mistakes).toEqual([]);
    expect(policy!.rules[0]!.when({ 'card.country': null, score: Number(score) })).toBe(answers[answer]);
  });
  test('tells unknown from false in six conditions', () => expect(rows).toHaveLength(6));
});

test('docs/policy-names.md has every name, as `policy explain` prints them', () => {
  const cells = (table: string): string[] =>
    table
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .map((line) => line.replace(/\s*\|\s*/g, '|').replace(/-{3,}/g, '---'));
  expect(cells(readFileSync('docs/policy-names.md', 'utf8'))).toEqual(cells(vocabularyTable()));
});

test('the shipped policies are well formed and say what their examples expect', async () => {
  const { files, mistakes } = await readPolicies('policies', await declaredModels('models'));
  expect(mistakes.map(toText)).toEqual([]);
  for (const [file, policy] of files) {
    const examples = `policies/${file.replace(/\.yaml$/, '.test.yaml')}`;
    const result = runExamples(examples, readFileSync(examples, 'utf8'), policy, surroundings);
    expect(result.mistakes.map(toText)).toEqual([]);
    expect(result.run).toBeGreaterThanOrEqual(3);
  }
});
