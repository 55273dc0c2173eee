import type { EventField } from '../domain/events/event-fields.ts';
import type { MerchantId } from '../kernel/ids.ts';
import type { Deps } from './deps.ts';

/** Learns which fields each merchant lets into its events, all of it each time; until it was asked, nobody lets any. */
export function followEventFields(store: Deps['store']): {
  readonly fieldsOf: Deps['fieldsOf'];
  readonly follow: () => Promise<void>;
} {
  let known: ReadonlyMap<MerchantId, readonly EventField[]> = new Map();
  return {
    fieldsOf: (merchantId) => known.get(merchantId) ?? [],
    follow: async () => {
      known = await store.merchants.eventFields();
    },
  };
}
