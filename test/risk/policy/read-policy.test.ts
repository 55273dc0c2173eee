import { describe, expect, test } from '@jest/globals';
import type { Degradation } from '../../../src/domain/risk/assessment.ts';
import { defaultDegraded, type Policy } from '../../../src/domain/risk/policy/policy.ts';
import { judge } from '../../../src/domain/risk/policy/verdict.ts';
import { toText } from '../../../src/risk/policy/mistake.ts';
import { readPolicy, type Surroundings } from '../../../src/risk/policy/read-policy.ts';

const surroundings: Surroundings = {
  featuresOf: () => [
    { name: 'email.known_frauds', type: 'number', text: '' },
    { name: 'email.orders_24h', type: 'number', text: '' },
  ],
  models: new Map([
    ['checkout-1', ['email.known_frauds']],
    ['foreign-1', ['card.weight']],
  ]),
  lists: new Map(),
};

function mistakesOf(source: string): readonly string[] {
  const read = readPolicy('p.yaml', source, surroundings);
  return 'mistakes' in read ? read.mistakes.map(toText) : [];
}

function policyOf(source: string): Policy {
  const read = readPolicy('p.yaml', source, surroundings);
  if ('mistakes' in read) throw new Error(read.mistakes.map(toText).join('\n'));
  return read.policy;
}

const good = `policy: checkout
model: checkout-1
rules:
  - id: fraud
    when: email.known_frauds > 0
    then: block
    reason: Known fraud
  - id: many
    when: email.orders_24h >= 3
    then: challenge
    reason: Many orders
  - id: risky
    when: score > 0.5
    then: review
    reason: Risky
`;

describe('a policy file', () => {
  test('with mistakes names all of them at once, each with line, column and hint', () => {
    expect(
      mistakesOf(`policy: checkout
model: chekout-1
rules:
  - id: fraud
    when: email.known_fraud > 0
    then: blok
    reason: Known fraud
  - id: fraud
    when: >-
      score > 0.3 &&
      emial.known_frauds > 1
    than: review
    reason: Twice
`),
    ).toEqual([
      'p.yaml:2:8: there is no model chekout-1 (hint: did you mean checkout-1?)',
      'p.yaml:5:11: email.known_fraud is not declared at checkout (hint: did you mean email.known_frauds?)',
      'p.yaml:6:11: `then` cannot be blok: allow, challenge, review, block (hint: did you mean block?)',
      'p.yaml:8:5: a rule needs the key then',
      'p.yaml:8:9: the id fraud is used twice (hint: assessments name rules by their id)',
      'p.yaml:11:7: emial.known_frauds is not declared at checkout (hint: did you mean email.known_frauds?)',
      'p.yaml:12:5: a rule has no key than (hint: did you mean then?)',
    ]);
  });

  test.each([
    ['is not YAML', 'policy: [checkout', /p\.yaml:1:\d+: /],
    ['is empty', '', /p\.yaml:1:1: a policy must be a mapping/],
    ['is for no event', 'policy: chekout\nrules: []', /`policy` cannot be chekout.*did you mean checkout\?/],
    [
      'reviews where there is no money',
      good
        .replace('policy: checkout\nmodel: checkout-1', 'policy: login')
        .replace('score > 0.5', 'email.orders_24h > 9'),
      /there is nothing to review at login: no money is held/,
    ],
    [
      'reads a score without a model',
      good.replace('model: checkout-1\n', ''),
      /there is no score without a model/,
    ],
    [
      'names a model whose features its event does not compute',
      good.replace('checkout-1', 'foreign-1'),
      /the model foreign-1 reads card\.weight, which checkout does not compute/,
    ],
    [
      'lets a missing part mean allow',
      `${good}degraded:\n  reference_data_missing: allow\n`,
      /a missing part cannot mean allow/,
    ],
    ['has a number for a reason', good.replace('Known fraud', '42'), /`reason` must be text/],
    ['repeats a key', `${good}rules: []\n`, /p\.yaml:16:1: Map keys must be unique/],
    ['uses an alias', good.replace('reason: Many orders', 'reason: *a'), /p\.yaml:11:\d+: /],
    [
      'uses an alias of an anchor',
      good.replace('when: email.k', 'when: &a email.k').replace('when: email.orders_24h >= 3', 'when: *a'),
      /p\.yaml:9:11: `when` must be text \(hint: write it out: aliases are not read\)$/,
    ],
  ])('that %s is refused', (_, source, expected) => {
    expect(mistakesOf(source).join('\n')).toMatch(expected);
  });

  test('has one hash for one content, whatever its comments and layout', () => {
    const { hash } = policyOf(good);
    expect(policyOf(`# a comment\n${good.replace('then: block', "then:   'block'")}`).hash).toBe(hash);
    expect(policyOf(good.replace('score > 0.5', 'score > 0.6')).hash).not.toBe(hash);
    expect(policyOf(good.replace('Known fraud', 'Fraud')).hash).not.toBe(hash);
    expect(policyOf(`${good}amounts: { large: { EUR: "1.00" } }\n`).hash).not.toBe(
      policyOf(`${good}amounts: { large: { EUR: "2.00" } }\n`).hash,
    );
  });
});

describe('a verdict', () => {
  const policy = policyOf(good);
  const calm = { degraded: [], snoozed: new Set<string>() };
  const ids = (rules: readonly { id: string }[]): readonly string[] => rules.map(({ id }) => id);

  test('is the severest decision of the rules that fired', () => {
    const verdict = judge(policy, { 'email.known_frauds': 1, 'email.orders_24h': 5, score: 0.9 }, calm);
    expect([verdict.decision, ids(verdict.fired)]).toEqual(['block', ['fraud', 'many', 'risky']]);
  });

  test('tells a rule that could not be evaluated from one that was false', () => {
    const verdict = judge(policy, { 'email.known_frauds': null, 'email.orders_24h': 0, score: null }, calm);
    expect([verdict.decision, ids(verdict.fired), ids(verdict.failed)]).toEqual([
      'allow',
      [],
      ['fraud', 'risky'],
    ]);
  });

  test('asks for an exemption only with allow, and only where its condition is true, not unknown', () => {
    const exempting = policyOf(`${good}exemptions:
  - request: transaction_risk_analysis
    when: score < 0.05
  - request: low_value
    when: email.orders_24h < 1
`);
    const asked = (known: object, degraded: readonly Degradation[] = []) => {
      const evidence = { 'email.known_frauds': 0, 'email.orders_24h': 0, score: 0.01, ...known };
      const { decision, exemptions } = judge(exempting, evidence, { ...calm, degraded });
      return [decision, ...exemptions];
    };
    expect(asked({})).toEqual(['allow', 'transaction_risk_analysis', 'low_value']);
    expect(asked({ 'email.orders_24h': 2 })).toEqual(['allow', 'transaction_risk_analysis']);
    expect(asked({ score: null })).toEqual(['allow', 'low_value']);
    expect(asked({ 'email.orders_24h': 3 })).toEqual(['challenge']);
    expect(asked({ score: 0.9 })).toEqual(['review']);
    expect(asked({ 'email.known_frauds': 1 })).toEqual(['block']);
    expect(asked({}, ['reference_data_missing'])).toEqual(['challenge']);
  });

  test('leaves out a rule that is snoozed for the customer and says so', () => {
    const verdict = judge(
      policy,
      { 'email.orders_24h': 5 },
      { degraded: [], snoozed: new Set(['many', 'fraud']) },
    );
    expect([verdict.decision, ids(verdict.fired), ids(verdict.snoozed)]).toEqual(['allow', [], ['many']]);
  });

  test('is never allow when a part is missing', () => {
    for (const part of Object.keys(defaultDegraded) as Degradation[])
      expect(judge(policy, { 'email.known_frauds': 0 }, { ...calm, degraded: [part] }).decision).toBe(
        'challenge',
      );
    expect(
      judge(policy, { 'email.known_frauds': 1 }, { ...calm, degraded: ['model_unavailable'] }).decision,
    ).toBe('block');
  });
});
