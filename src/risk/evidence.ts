import type { EntityKeys } from '../domain/risk/entities.ts';
import type { Feature } from '../domain/risk/features/feature.ts';
import type { Evidence } from '../domain/risk/policy/condition.ts';
import type { Lookup } from '../domain/risk/policy/policy.ts';
import { signalTerms, type Term } from '../domain/risk/policy/vocabulary.ts';
import type { Signals } from '../domain/risk/signals.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Lists } from './policy/entries.ts';

/** Every feature by name as it is stored and read back: null is unknown, and there is one zero. */
export type FeatureValues = Readonly<Record<string, number | null>>;

export function featureValues(features: readonly Feature[], values: readonly number[]): FeatureValues {
  const byName: Record<string, number | null> = {};
  features.forEach(({ name }, index) => {
    const value = values[index] ?? NaN;
    byName[name] = Number.isFinite(value) ? value + 0 : null;
  });
  return byName;
}

/** A feature as conditions see it: flags are true or false. */
export function termOf({ name, type, raises }: Feature): Term {
  return { name, type: type === 'flag' ? 'boolean' : 'number', text: raises };
}

/** What policies read beside features. An absent value is on no list; lists that could not be read are unknown. */
export function findingsOf(
  signals: Signals,
  keys: EntityKeys,
  lookups: Iterable<Lookup>,
  lists: Lists,
  at: Instant,
): Evidence {
  const findings: Record<string, Evidence[string]> = {};
  for (const { name, read } of signalTerms) findings[name] = read(signals) ?? null;
  for (const { name, list, of } of lookups) {
    const key = keys[of];
    findings[name] = key === undefined ? false : (lists.contains(list, key, at) ?? null);
  }
  return findings;
}

/** All that conditions read. */
export function evidenceOf(
  features: readonly Feature[],
  values: FeatureValues,
  findings: Evidence,
  score: number | null,
): Evidence {
  const evidence: Record<string, Evidence[string]> = { ...findings };
  evidence['score'] = score;
  for (const { name, type } of features) {
    const value = values[name] ?? null;
    evidence[name] = type === 'flag' && value !== null ? value !== 0 : value;
  }
  return evidence;
}
