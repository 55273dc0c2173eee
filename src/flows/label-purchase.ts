import { step } from '../domain/purchase/step.ts';
import { refuse } from '../domain/refusal.ts';
import type { NewRequest, Reply } from '../domain/request.ts';
import type { LabelFact } from '../domain/risk/label.ts';
import type { CheckoutId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import { commit } from './commit.ts';
import type { Deps } from './deps.ts';
import { type Answer, earlier, fresh } from './answer.ts';

export type LabelAsk = {
  readonly request: NewRequest;
  readonly checkoutId: CheckoutId;
  readonly fraud: boolean;
  readonly strength: LabelFact['strength'];
  /** Since when the shop has known; now when absent. */
  readonly knownAt?: Instant;
};

/** The shop says what it found out about a purchase. */
export async function labelPurchase(deps: Deps, ask: LabelAsk): Promise<Answer> {
  const { purchase, request } = await deps.store.purchases.findForRequest(ask.request, ask.checkoutId);
  const known = earlier(request, ask.request);
  if (known !== null) return known;
  if (purchase?.sale === undefined) return refuse('not_found', 'There is no such order.');
  const { fraud, strength } = ask;
  const fact = { fraud, strength, source: 'api', reference: ask.request.scope } as const;
  const at = deps.clock();
  const labelled = { ...step(purchase, { journal: [], events: [] }), labels: [fact] };
  let reply: Reply = { status: 0, body: '' };
  const saved = await commit(deps, purchase, labelled, ask.knownAt ?? at, (_, __, [label]) => {
    if (label === undefined) throw new Error('a label that was given is there');
    reply = { ...deps.render.label(label), status: 201 };
    return { request: { replied: { ...ask.request, reply } } };
  });
  return saved.saved === 'saved' ? fresh(reply) : labelPurchase(deps, ask);
}
