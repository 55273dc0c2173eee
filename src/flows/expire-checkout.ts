import { closeCheckout } from '../domain/purchase/close-checkout.ts';
import type { Purchase } from '../domain/purchase/purchase.ts';
import { isRefusal } from '../domain/refusal.ts';
import { commit } from './commit.ts';
import type { Deps } from './deps.ts';

/** Closes a checkout that nobody paid in time. One with a payment under way is left to the settle worker first. */
export async function expireCheckout(deps: Deps, purchase: Purchase): Promise<void> {
  const at = deps.clock();
  const closed = closeCheckout(purchase, 'expired', at);
  if (!isRefusal(closed)) await commit(deps, purchase, closed, at);
}
