import type { Purchase } from '../domain/purchase/purchase.ts';
import { refuse } from '../domain/refusal.ts';
import { concludeQuietly, subjectOf } from './authorize-attempt.ts';
import type { Deps } from './deps.ts';

/** Gives up at the PSP what waits for the buyer. Answers whether anything changed, so that it is worth looking again. */
export async function giveUpAction(deps: Deps, purchase: Purchase): Promise<boolean> {
  const waiting = purchase.sale?.attempts.at(-1);
  if (waiting?.state !== 'requires_action') return false;
  const account = deps.psps.find(waiting.psp, waiting.pspAccount);
  const outcome = await account?.psp.cancel(subjectOf(purchase, waiting));
  return outcome !== undefined && (await concludeQuietly(deps, purchase, waiting.id, outcome)) !== null;
}

/** Why an action could not be given up: the buyer may just have finished it. */
export const stillPaying = refuse(
  'checkout_processing',
  'The payment of this checkout cannot be given up now; read the checkout to see it.',
);
