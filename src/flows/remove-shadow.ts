import type { ShadowPolicy } from '../domain/risk/policy/shadow-policy.ts';
import { type Refusal, refuse } from '../domain/refusal.ts';
import type { ApiKeyId, MerchantId, ShadowId } from '../kernel/ids.ts';
import type { Deps } from './deps.ts';

/** The draft is no longer evaluated; what it said stays with the assessments. */
export async function removeShadow(
  { store, desk, clock }: Deps,
  merchantId: MerchantId,
  { id, by }: { readonly id: ShadowId; readonly by: ApiKeyId },
): Promise<ShadowPolicy | Refusal> {
  const removed = await store.policies.removeShadow(merchantId, id, { by, at: clock() });
  if (removed === null) return refuse('not_found', 'There is no such draft, or it was removed before.');
  desk.shadow([removed]);
  return removed;
}
