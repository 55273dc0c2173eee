import {
  entryWidth,
  happenings,
  place,
  toNumbers,
  unseen,
  type Entry,
  type History,
} from '../../../src/domain/risk/entities.ts';

/** What a history remembers, in words. */
export function entriesOf(history: History | undefined): Pick<Entry, 'what' | 'at' | 'amount'>[] {
  const { log, from, to } = history ?? { log: [], from: 0, to: 0 };
  return Array.from({ length: (to - from) / entryWidth }, (_, index) => {
    const entry = from + index * entryWidth;
    return {
      what: happenings[log[entry + place.what]!]!,
      at: log[entry + place.at]!,
      amount: log[entry + place.amount]!,
    };
  });
}

/** The history of an entity that was named by these, oldest first. */
export function historyOf(entries: readonly Entry[]): History {
  const log = entries.flatMap(toNumbers);
  return { ...unseen, log, to: log.length };
}
