import type { Purchase } from '../domain/purchase/purchase.ts';
import { step } from '../domain/purchase/step.ts';
import { commit } from './commit.ts';
import type { Deps } from './deps.ts';

/** Nobody contested it for so long that the buyer was probably good. Whoever changes it meanwhile has broken the silence. */
export async function labelQuiet(deps: Deps, purchase: Purchase): Promise<void> {
  const fact = { fraud: false, strength: 'weak', source: 'quiet', reference: 'quiet' } as const;
  const labelled = { ...step(purchase, { journal: [], events: [] }), labels: [fact] };
  await commit(deps, purchase, labelled, deps.clock());
}
