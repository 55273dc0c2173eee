import { personalTerms } from '../domain/risk/policy/vocabulary.ts';
import type { Generation } from './generation.ts';
import type { Entries } from './policy/entries.ts';
import type { Desk } from './risk.ts';
import type { KeysOf } from './signals/keys.ts';

/** The analyst's side of what decides now. */
export function createDesk(current: () => Generation, keysOf: KeysOf, entries: Entries): Desk {
  return {
    lists: () => current().lists,
    rules: () =>
      new Set([...current().deciders.values()].flatMap(({ policy }) => policy.rules.map(({ id }) => id))),
    keyOf: (merchantId, of, value) => {
      const term = personalTerms.find(({ name }) => name === of);
      if (term === undefined) return undefined;
      const keys = keysOf(merchantId, term.signalsOf(value.trim()));
      // Whatever is no network address has no network either.
      return term.kind === 'ip' && keys.network === undefined ? undefined : keys[term.kind];
    },
    learn: entries.learn,
  };
}
