import type { AssessmentEvent } from '../domain/risk/decision.ts';
import type { OwnPolicy } from '../domain/risk/policy/own-policy.ts';
import type { ShadowPolicy } from '../domain/risk/policy/shadow-policy.ts';
import type { MerchantId } from '../kernel/ids.ts';
import type { Deciders } from './conclusion.ts';
import { deciderOf, surroundingsOf, type Generation } from './generation.ts';
import { readPolicy } from './policy/read-policy.ts';

/** What merchants changed about what decides for them: policies of their own, and drafts they try. */
export type MerchantDeciders = {
  readonly adopt: (own: Iterable<OwnPolicy>) => void;
  readonly shadow: (shadows: Iterable<ShadowPolicy>) => void;
  /** What decides for a merchant: the files' policies or its own, with its drafts among the challengers. */
  readonly decidersFor: (merchantId: MerchantId) => ReadonlyMap<AssessmentEvent, Deciders>;
};

/**
 * Compiles texts once for each generation. A draft that no longer fits the models or lists is left out until it does; in
 * place of a merchant's own policy that does not, the file's decides, and says that it stands in.
 */
export function createMerchantDeciders(current: () => Generation): MerchantDeciders {
  /** By merchant and event. */
  const own = new Map<string, OwnPolicy>();
  const tried = new Map<string, ShadowPolicy>();
  let generation: Generation | undefined;
  let built = new Map<MerchantId, ReadonlyMap<AssessmentEvent, Deciders>>();

  const build = ({ deciders, models, lists }: Generation, merchantId: MerchantId): typeof deciders => {
    const all = new Map(deciders);
    const compiled = (name: string, source: string) =>
      readPolicy(name, source, surroundingsOf(models, lists));
    for (const { isOwn, text, merchantId: owner } of own.values()) {
      const live = all.get(text.event);
      if (!isOwn || owner !== merchantId || live === undefined) continue;
      const read = compiled('own', text.source);
      const isOutdated = 'mistakes' in read;
      const decider = isOutdated
        ? live
        : { ...deciderOf(read.policy, models), challengers: live.challengers };
      all.set(text.event, { ...decider, own: { hash: text.hash, isOutdated } });
    }
    for (const { name, text, merchantId: owner } of tried.values()) {
      const live = all.get(text.event);
      if (owner !== merchantId || live === undefined) continue;
      const read = compiled(name, text.source);
      if ('mistakes' in read) continue;
      const challenger = { name, ...deciderOf(read.policy, models) };
      all.set(text.event, { ...live, challengers: [...live.challengers, challenger] });
    }
    return all;
  };
  return {
    adopt: (changes) => {
      for (const change of changes) {
        const place = `${change.merchantId} ${change.text.event}`;
        if ((own.get(place)?.number ?? 0) < change.number) own.set(place, change);
      }
      built = new Map();
    },
    shadow: (shadows) => {
      for (const shadow of shadows)
        if (shadow.removed === null) tried.set(shadow.id, shadow);
        else tried.delete(shadow.id);
      built = new Map();
    },
    decidersFor: (merchantId) => {
      const now = current();
      if (own.size === 0 && tried.size === 0) return now.deciders;
      if (generation !== now) built = new Map();
      generation = now;
      let known = built.get(merchantId);
      if (known === undefined) built.set(merchantId, (known = build(now, merchantId)));
      return known;
    },
  };
}
