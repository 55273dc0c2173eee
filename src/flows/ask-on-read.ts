import type { Purchase } from '../domain/purchase/purchase.ts';
import type { Deps } from './deps.ts';
import { settle } from './settle.ts';

/**
 * Whoever reads a purchase that a PSP may still settle should see what has become of it: the PSP is asked first, at
 * most once in some seconds, however many read. What is settled costs nothing.
 */
export async function askOnRead(deps: Deps, purchase: Purchase): Promise<Purchase> {
  const { checkout, sale } = purchase;
  const isOpen = [...(sale?.attempts ?? []), ...(sale?.movements ?? [])].some(
    ({ state }) => state === 'unknown' || state === 'pending',
  );
  if (!isOpen) return purchase;
  const claimed = await deps.store.settling.claimOf(checkout.merchantId, checkout.id, deps.clock());
  if (claimed.length === 0) return purchase;
  await Promise.all(claimed.map((each) => settle(deps, each)));
  return (await deps.store.purchases.find(checkout.merchantId, checkout.id)) ?? purchase;
}
