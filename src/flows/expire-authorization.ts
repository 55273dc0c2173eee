import { beginMovement } from '../domain/purchase/begin-movement.ts';
import type { Purchase } from '../domain/purchase/purchase.ts';
import { authorizedAttempt } from '../domain/purchase/receive-money.ts';
import { releaseAuthorization } from '../domain/purchase/release-authorization.ts';
import { commit } from './commit.ts';
import type { Deps } from './deps.ts';
import { moveQuietly } from './move-quietly.ts';

/**
 * Lets go of money that is reserved longer than its PSP keeps it. The PSP is told, so that the buyer's money is free
 * for certain; where it answers that there is nothing left to void, or a part was captured, the rest has lapsed.
 */
export async function expireAuthorization(deps: Deps, purchase: Purchase): Promise<void> {
  const { sale } = purchase;
  const attempt = sale && authorizedAttempt(sale);
  if (sale === undefined || attempt === undefined) return;
  if (sale.payment.captured === 0n) {
    const begin: Parameters<typeof moveQuietly>[2] = (id, at) =>
      beginMovement(purchase, { id, kind: 'void' }, at);
    const outcome = await moveQuietly(deps, purchase, begin);
    if (outcome?.kind !== 'failed') return;
  }
  const { merchantId, id } = purchase.checkout;
  const now = await deps.store.purchases.find(merchantId, id);
  const at = deps.clock();
  const released = now && releaseAuthorization(now, attempt.id, attempt.pspReference, at);
  if (now && released) await commit(deps, now, released, at);
}
