import type { Entry, EntryPlace, Removal } from '../domain/risk/entry.ts';
import type { EntryId, MerchantId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';

/** What analysts said about somebody: values on lists, and rules that are snoozed. */
export type EntryStore = {
  /** Takes the place of the entry that was there, if one was. Answers what changed; empty when somebody was faster. */
  readonly add: (entry: Entry) => Promise<readonly Entry[]>;
  /** Null when there is none, or it was removed before. */
  readonly remove: (
    merchantId: MerchantId,
    id: EntryId,
    from: { readonly what: Entry['what']; readonly name: string | null },
    removal: Removal,
  ) => Promise<Entry | null>;
  readonly find: (merchantId: MerchantId, place: EntryPlace) => Promise<Entry | null>;
  /** The newest first, those that ended too; of one list or rule when it is named. */
  readonly list: (
    merchantId: MerchantId,
    what: Entry['what'],
    name: string | null,
    limit: number,
  ) => Promise<readonly Entry[]>;
  /** How many entries count, by list or rule. */
  readonly count: (
    merchantId: MerchantId,
    what: Entry['what'],
    now: Instant,
  ) => Promise<ReadonlyMap<string, number>>;
  /** Of all merchants: everything that counts when `since` is null, else what changed since. */
  readonly changes: (since: string | null, now: Instant) => Promise<EntryChanges>;
};

export type EntryChanges = {
  readonly entries: readonly Entry[];
  /** Where to go on. Null: nothing was found, go on from where you were. */
  readonly next: string | null;
};
