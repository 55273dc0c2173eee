import { expect, test } from '@jest/globals';
import { assessmentEvents } from '../../../src/domain/risk/decision.ts';
import { countedKinds, entityKinds, unseen, type Histories } from '../../../src/domain/risk/entities.ts';
import { evaluate, type Context } from '../../../src/domain/risk/features/feature.ts';
import { factNames } from '../../../src/domain/risk/features/facts.ts';
import { featuresOf, library } from '../../../src/domain/risk/features/library.ts';
import { count, distinct, fraudShare, novel } from '../../../src/domain/risk/features/measures.ts';
import { dayMs, hourMs } from '../../../src/kernel/instant.ts';
import { featureHash } from '../../../src/risk/signals/feature-hash.ts';
import { historyOf } from '../velocity/entries.ts';

const at = Date.UTC(2026, 2, 1, 12);
const nothing: Context = { at, facts: {}, keys: {}, histories: {} };
const keys = Object.fromEntries(entityKinds.map((kind) => [kind, `key-${kind}`]));
const newcomers: Histories = Object.fromEntries(entityKinds.map((kind) => [kind, unseen]));

test('every feature has a name of its own that nests in a policy', () => {
  const names = library.map((feature) => feature.name);
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z]+\.[a-z0-9_]+$/);
});

test('every event has its features: some 45 or more for a sign-up, 70 or more for a checkout', () => {
  for (const event of assessmentEvents) expect(featuresOf(event).length).toBeGreaterThan(25);
  expect(featuresOf('account_creation').length).toBeGreaterThanOrEqual(45);
  expect(featuresOf('checkout').length).toBeGreaterThanOrEqual(70);
});

test('every fact that can be derived is read by a feature', () => {
  const facts = Object.fromEntries(factNames.map((name) => [name, 1]));
  const values = evaluate(library, { ...nothing, facts });
  expect(values.filter((value) => value === 1)).toHaveLength(factNames.length);
});

test('without signals every feature is unknown', () => {
  for (const value of evaluate(library, nothing)) expect(value).toBeNaN();
});

test('of an entity never seen every count is zero and nothing is made up', () => {
  const values = evaluate(library, { ...nothing, keys, histories: newcomers });
  library.forEach((feature, index) => {
    const value = values[index] ?? NaN;
    if (feature.window !== null && feature.type === 'count')
      expect([feature.name, value]).toEqual([feature.name, 0]);
    expect(Number.isNaN(value) || value === 0 || feature.type === 'share').toBe(true);
  });
});

test('a window is open at its far end and closed at now, and ignores what is later', () => {
  const entry = (age: number) => ({ at: at - age, what: 'checkout', amount: 1, keys: {} }) as const;
  const measure = count('email', 'checkout', '1h');
  const counted = (age: number): number =>
    measure({ ...nothing, histories: { email: historyOf([entry(age)]) } });
  expect([hourMs, hourMs - 1, 0, -1].map(counted)).toEqual([0, 1, 1, 0]);
});

test('a distinct count counts each once and leaves out events that name none', () => {
  const entries = ['a', 'b', 'a', undefined].map((card) => ({
    at,
    what: 'checkout' as const,
    amount: 1,
    keys: card === undefined ? {} : { card },
  }));
  expect(distinct('ip', 'card', '24h')({ ...nothing, histories: { ip: historyOf(entries) } })).toBe(2);
});

test('something is new only to an entity that has a past', () => {
  const past = { at: at - dayMs, what: 'checkout' as const, amount: 1, keys: { area: 'here' } };
  const newTo = (area: string, entries: (typeof past)[]): number =>
    novel('email', 'area')({ ...nothing, keys: { area }, histories: { email: historyOf(entries) } });
  expect(newTo('here', [])).toBeNaN();
  expect(newTo('here', [past])).toBe(0);
  expect(newTo('there', [past])).toBe(1);
});

test('one fraud of one is weaker evidence than forty of fifty', () => {
  const shareOf = (frauds: number, goods: number): number =>
    fraudShare('domain')({ ...nothing, histories: { domain: { ...unseen, frauds, goods } } });
  expect(shareOf(0, 0)).toBeCloseTo(0.02);
  expect(shareOf(1, 0)).toBeLessThan(shareOf(40, 10));
});

test('a reworded reason keeps the hash, another window changes it', () => {
  const [first, ...rest] = library;
  expect(featureHash([{ ...first!, raises: 'other words' }, ...rest])).toBe(featureHash(library));
  expect(featureHash([{ ...first!, window: '10m' }, ...rest])).not.toBe(featureHash(library));
});

test('only kinds that every store keeps are counted', () => {
  for (const kind of countedKinds) expect(entityKinds).toContain(kind);
});
