import { personalTerms } from '../domain/risk/policy/vocabulary.ts';
import { rejudge } from './backtest.ts';
import { deciderOf, surroundingsOf, type Generation } from './generation.ts';
import type { Entries } from './policy/entries.ts';
import { readPolicy } from './policy/read-policy.ts';
import type { Desk } from './risk.ts';
import type { Shadows } from './shadows.ts';
import type { KeysOf } from './signals/keys.ts';

type Parts = { readonly keysOf: KeysOf; readonly entries: Entries; readonly shadows: Shadows };

/** The analyst's side of what decides now. */
export function createDesk(current: () => Generation, { keysOf, entries, shadows }: Parts): Desk {
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
    policies: () =>
      [...current().deciders.values()].map(({ policy, model, challengers }) => ({
        policy,
        model: model?.hash ?? null,
        challengers: challengers.map((challenger) => ({
          ...challenger,
          model: challenger.model?.hash ?? null,
        })),
      })),
    check: (source) => {
      const { models, lists } = current();
      return readPolicy('draft', source, surroundingsOf(models, lists));
    },
    rejudge: (policy, recorded) => rejudge(deciderOf(policy, current().models), recorded),
    shadow: shadows.learn,
    learn: entries.learn,
  };
}
