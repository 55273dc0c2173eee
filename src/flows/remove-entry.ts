import type { Entry } from '../domain/risk/entry.ts';
import { type Refusal, refuse } from '../domain/refusal.ts';
import type { ApiKeyId, MerchantId } from '../kernel/ids.ts';
import type { Deps } from './deps.ts';

/** From now on it does not count; it stays on record, with who removed it. */
export async function removeEntry(
  { store, desk, clock }: Deps,
  merchantId: MerchantId,
  { id, by, ...from }: Pick<Entry, 'what' | 'id'> & { readonly name: string | null; readonly by: ApiKeyId },
): Promise<Entry | Refusal> {
  const removed = await store.entries.remove(merchantId, id, from, { by, at: clock() });
  if (removed === null) return refuse('not_found', 'There is no such entry, or it was removed before.');
  desk.learn([removed]);
  return removed;
}
