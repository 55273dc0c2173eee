import type { ApiKeyId, EntryId, MerchantId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';

/** What an analyst said about somebody. It counts until it expires or is removed; it stays on record either way. */
export type Entry = EntryPlace & {
  readonly id: EntryId;
  readonly merchantId: MerchantId;
  readonly reason: string;
  readonly addedBy: ApiKeyId;
  readonly addedAt: Instant;
  /** When it stops counting; null never. A snooze always ends. */
  readonly expiresAt: Instant | null;
  readonly removed: Removal | null;
};

/** On this list, or left alone by this rule. */
export type EntryPlace = {
  readonly what: 'list' | 'snooze';
  /** The list, or the rule. */
  readonly name: string;
  /** The keyed hash of merchant and value, never the value itself. */
  readonly key: string;
};

export type Removal = { readonly by: ApiKeyId; readonly at: Instant };

export type EntryStatus = 'active' | 'expired' | 'removed';

export function statusOf({ removed, expiresAt }: Entry, at: Instant): EntryStatus {
  if (removed !== null) return 'removed';
  return expiresAt !== null && expiresAt <= at ? 'expired' : 'active';
}
