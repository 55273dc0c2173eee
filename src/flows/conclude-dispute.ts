import type { Attempt } from '../domain/payment/attempt.ts';
import type { DisputeNews } from '../domain/payment/witness.ts';
import { concludeDispute as conclude } from '../domain/purchase/conclude-dispute.ts';
import type { Purchase } from '../domain/purchase/purchase.ts';
import type { DeliveryName } from '../store/store.ts';
import { commit } from './commit.ts';
import type { Deps } from './deps.ts';

/** Applies news of a dispute, whether it is the first or not. Answers whether they changed anything. */
export async function concludeDispute(
  deps: Deps,
  purchase: Purchase,
  attempt: Attempt,
  news: DisputeNews,
  delivery: DeliveryName,
): Promise<boolean> {
  const { merchantId, id } = purchase.checkout;
  // Read after the purchase: if another message gets in between, the purchase's version has moved and nothing is saved.
  const disputes = await deps.store.disputes.ofPurchase(merchantId, id);
  const known = disputes.find(({ pspReference }) => pspReference === news.pspReference) ?? null;
  const at = deps.clock();
  const about = { attemptId: attempt.id, id: known?.id ?? deps.newId('dsp') };
  const concluded = conclude(purchase, known, news, about, at);
  if (concluded === null) return false;
  const { dispute, step } = concluded;
  const committed = await commit(deps, purchase, step, at, () => ({
    delivery,
    dispute: { dispute, isNew: known === null },
  }));
  if (committed.saved === 'saved') return true;
  const now = await deps.store.purchases.find(merchantId, id);
  return now !== null && concludeDispute(deps, now, attempt, news, delivery);
}
