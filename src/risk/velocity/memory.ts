import {
  entityKinds,
  entriesMax,
  unseen,
  type EntityKind,
  type Entry,
  type Histories,
  type History,
} from '../../domain/risk/entities.ts';
import { isAttempt, type Label, type Velocity } from './velocity.ts';

/**
 * Histories in this process: for the embedded default (one process, warmed from PostgreSQL) and for replays.
 *
 * Bounded: at most `entitiesMax` entities, in two generations. When the young one holds half of that it becomes the old one,
 * and what was not written since the change before is forgotten. (One map in order of use would be exact, but finding
 * its oldest entry means walking over everything that was moved.) A million entities take half a gigabyte.
 *
 * Only a bench that reproduces somebody else's figures keeps more entries than `entriesMax`: Redis keeps just those.
 */
export function memoryVelocity(
  entitiesMax = 1_000_000,
  entriesKept = entriesMax,
): Velocity & { readonly size: () => number } {
  /** By entity key, which is unique over merchants and kinds. */
  let young = new Map<string, History>();
  let old = new Map<string, History>();
  const recall = (key: string): History => young.get(key) ?? old.get(key) ?? unseen;

  return {
    read: (_, keys) => {
      const histories: Partial<Record<EntityKind, History>> = {};
      for (const kind of entityKinds) {
        const key = keys[kind];
        if (key !== undefined) histories[kind] = recall(key);
      }
      return Promise.resolve(histories satisfies Histories);
    },
    observe: (_, keys, change) => {
      const after =
        change.what === 'labelled' ? labelled(change) : extended({ ...change, keys }, entriesKept);
      // The account, e-mail and mailbox of a newcomer have one and the same past, and go on sharing it: a third of the memory.
      const shared = new Map<History, History>();
      for (const kind of entityKinds) {
        const key = keys[kind];
        if (key === undefined) continue;
        const before = recall(key);
        const next = shared.get(before) ?? after(before);
        shared.set(before, next);
        young.set(key, next);
      }
      if (young.size >= entitiesMax / 2) [old, young] = [young, new Map<string, History>()];
      return Promise.resolve();
    },
    size: () => young.size + old.size,
    close: () => Promise.resolve(),
  };
}

const extended =
  (entry: Entry, entriesKept: number) =>
  (before: History): History => {
    const attempt = isAttempt(entry.what);
    const kept = before.entries.length < entriesKept ? before.entries : before.entries.slice(1);
    return {
      ...before,
      firstSeenAt: attempt && Number.isNaN(before.firstSeenAt) ? entry.at : before.firstSeenAt,
      attempts: before.attempts + (attempt ? 1 : 0),
      entries: [...kept, entry],
    };
  };

const labelled =
  (label: Label) =>
  (before: History): History =>
    label.fraud
      ? {
          ...before,
          frauds: before.frauds + 1,
          lastFraudAt: before.lastFraudAt > label.happenedAt ? before.lastFraudAt : label.happenedAt,
        }
      : { ...before, goods: before.goods + 1 };
