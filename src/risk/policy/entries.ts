import type { Entry } from '../../domain/risk/entry.ts';
import type { Instant } from '../../kernel/instant.ts';

/** What an assessment asks of the lists. Answers at once, from memory; undefined when the lists could not be read. */
export type Lists = {
  readonly contains: (list: string, key: string, at: Instant) => boolean | undefined;
};

/** Which rules are silent for a customer, by the keyed hash of the account. */
export type Snoozes = { readonly rulesFor: (account: string, at: Instant) => ReadonlySet<string> };

/** Whatever decides needs of an entry. Its key holds the merchant, so that tenants share one memory. */
export type Counted = Pick<Entry, 'id' | 'what' | 'name' | 'key' | 'expiresAt' | 'removed'>;

export type Entries = Lists &
  Snoozes & {
    /** Takes over what is new and forgets what was removed, in any order and any number of times. */
    readonly learn: (entries: Iterable<Counted>) => void;
  };

/** All entries that count, in memory: about 200 bytes each. */
export function createEntries(known: Iterable<Counted> = []): Entries {
  const names = new Map<string, Map<string, Counted>>();
  const byName = ({ what, key }: Pick<Counted, 'what' | 'key'>): Map<string, Counted> | undefined =>
    names.get(`${what} ${key}`);

  const learn: Entries['learn'] = (entries) => {
    for (const entry of entries) {
      const there = byName(entry) ?? new Map<string, Counted>();
      if (entry.removed === null) there.set(entry.name, entry);
      // A value that is on the list again has another entry, which stays.
      else if (there.get(entry.name)?.id === entry.id) there.delete(entry.name);
      if (there.size === 0) names.delete(`${entry.what} ${entry.key}`);
      else names.set(`${entry.what} ${entry.key}`, there);
    }
  };
  learn(known);
  const counts = ({ expiresAt }: Counted, at: Instant): boolean => expiresAt === null || expiresAt > at;
  return {
    learn,
    contains: (list, key, at) => {
      const entry = byName({ what: 'list', key })?.get(list);
      return entry !== undefined && counts(entry, at);
    },
    rulesFor: (account, at) => {
      const snoozed = byName({ what: 'snooze', key: account });
      if (snoozed === undefined) return none;
      return new Set([...snoozed.values()].filter((entry) => counts(entry, at)).map(({ name }) => name));
    },
  };
}

const none: ReadonlySet<string> = new Set();
