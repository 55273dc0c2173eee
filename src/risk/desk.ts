import type { AssessmentEvent } from '../domain/risk/decision.ts';
import { personalTerms } from '../domain/risk/policy/vocabulary.ts';
import { rejudge } from './backtest.ts';
import type { Deciders } from './conclusion.ts';
import { deciderOf, surroundingsOf, type Generation } from './generation.ts';
import type { MerchantDeciders } from './merchant-deciders.ts';
import type { Entries } from './policy/entries.ts';
import { readPolicy } from './policy/read-policy.ts';
import type { Desk, PolicyInForce } from './risk.ts';
import type { KeysOf } from './signals/keys.ts';

type Parts = { readonly keysOf: KeysOf; readonly entries: Entries; readonly merchants: MerchantDeciders };

/** The analyst's side of what decides now. */
export function createDesk(current: () => Generation, { keysOf, entries, merchants }: Parts): Desk {
  return {
    lists: () => current().lists,
    rules: (merchantId) =>
      new Set(
        [...merchants.decidersFor(merchantId).values()].flatMap(({ policy }) =>
          policy.rules.map(({ id }) => id),
        ),
      ),
    keyOf: (merchantId, of, value) => {
      const term = personalTerms.find(({ name }) => name === of);
      if (term === undefined) return undefined;
      const keys = keysOf(merchantId, term.signalsOf(value.trim()));
      // Whatever is no network address has no network either.
      return term.kind === 'ip' && keys.network === undefined ? undefined : keys[term.kind];
    },
    files: () => inForce(current().deciders),
    policies: (merchantId) => inForce(merchants.decidersFor(merchantId)),
    check: (source) => {
      const { models, lists } = current();
      return readPolicy('draft', source, surroundingsOf(models, lists));
    },
    rejudge: (policy, recorded) => rejudge(deciderOf(policy, current().models), recorded),
    adopt: merchants.adopt,
    shadow: merchants.shadow,
    learn: entries.learn,
  };
}

function inForce(deciders: ReadonlyMap<AssessmentEvent, Deciders>): PolicyInForce[] {
  return [...deciders.values()].map(({ policy, model, challengers, own }) => ({
    policy,
    model: model?.hash ?? null,
    challengers: challengers.map((challenger) => ({ ...challenger, model: challenger.model?.hash ?? null })),
    own: own ?? null,
  }));
}
