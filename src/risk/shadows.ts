import type { AssessmentEvent } from '../domain/risk/decision.ts';
import type { ShadowPolicy } from '../domain/risk/policy/shadow-policy.ts';
import type { MerchantId } from '../kernel/ids.ts';
import type { Deciders } from './conclusion.ts';
import { deciderOf, surroundingsOf, type Generation } from './generation.ts';
import { readPolicy } from './policy/read-policy.ts';

export type Shadows = {
  readonly learn: (shadows: Iterable<ShadowPolicy>) => void;
  /** What decides for a merchant: the policies in force, with the merchant's own drafts among the challengers. */
  readonly decidersFor: (merchantId: MerchantId) => ReadonlyMap<AssessmentEvent, Deciders>;
};

/** Compiles drafts once for each generation. One that no longer fits its models or lists is left out until it does. */
export function createShadows(current: () => Generation): Shadows {
  const active = new Map<string, ShadowPolicy>();
  let generation: Generation | undefined;
  let built = new Map<MerchantId, ReadonlyMap<AssessmentEvent, Deciders>>();

  const build = ({ deciders, models, lists }: Generation, merchantId: MerchantId): typeof deciders => {
    const all = new Map(deciders);
    for (const { name, text, merchantId: owner } of active.values()) {
      const live = all.get(text.event);
      if (owner !== merchantId || live === undefined) continue;
      const read = readPolicy(name, text.source, surroundingsOf(models, lists));
      if ('mistakes' in read) continue;
      const challenger = { name, ...deciderOf(read.policy, models) };
      all.set(text.event, { ...live, challengers: [...live.challengers, challenger] });
    }
    return all;
  };
  return {
    learn: (shadows) => {
      for (const shadow of shadows)
        if (shadow.removed === null) active.set(shadow.id, shadow);
        else active.delete(shadow.id);
      built = new Map();
    },
    decidersFor: (merchantId) => {
      const now = current();
      if (active.size === 0) return now.deciders;
      if (generation !== now) built = new Map();
      generation = now;
      let known = built.get(merchantId);
      if (known === undefined) built.set(merchantId, (known = build(now, merchantId)));
      return known;
    },
  };
}
