import {
  entityKinds,
  entriesMax,
  entryWidth,
  toNumbers,
  unseen,
  type EntityKeys,
  type EntityKind,
  type Histories,
  type History,
} from '../../domain/risk/entities.ts';
import { isAttempt, type Change, type Label, type Velocity } from './velocity.ts';

/** Answers at once as well: a replay and a warm start ask a million times, and a promise costs as much as the answer. */
export type MemoryVelocity = Velocity & {
  readonly recall: (keys: EntityKeys) => Histories;
  readonly remember: (keys: EntityKeys, change: Change) => void;
  readonly size: () => number;
};

/**
 * Histories in this process: for the embedded default (one process, warmed from PostgreSQL) and for replays.
 *
 * Bounded: at most `entitiesMax` entities, in two generations. When the young one holds half of that it becomes the old one,
 * and what was not written since the change before is forgotten. (One map in order of use would be exact, but finding
 * its oldest entry means walking over everything that was moved.) A million entities take half a gigabyte.
 *
 * Only a bench that reproduces somebody else's figures keeps more entries than `entriesMax`: Redis keeps just those.
 */
export function memoryVelocity(entitiesMax = 1_000_000, entriesKept = entriesMax): MemoryVelocity {
  /** By entity key, which is unique over merchants and kinds. */
  let young = new Map<string, Kept>();
  let old = new Map<string, Kept>();
  const find = (key: string): Kept => young.get(key) ?? old.get(key) ?? nothing;

  const recall = (keys: EntityKeys): Histories => {
    const histories: { [Kind in EntityKind]?: History | undefined } = {};
    for (const kind of entityKinds) {
      const key = keys[kind];
      histories[kind] = key === undefined ? undefined : find(key);
    }
    return histories;
  };
  const remember = (keys: EntityKeys, change: Change): void => {
    const after =
      change.what === 'labelled'
        ? labelled(change)
        : extended(toNumbers({ ...change, keys }), isAttempt(change.what), entriesKept);
    // The account, e-mail and mailbox of a newcomer have one and the same past, and go on sharing it: a third of the memory.
    const shared = new Map<Kept, Kept>();
    for (const kind of entityKinds) {
      const key = keys[kind];
      if (key === undefined) continue;
      const before = find(key);
      const next = shared.get(before) ?? after(before);
      shared.set(before, next);
      young.set(key, next);
    }
    if (young.size >= entitiesMax / 2) [old, young] = [young, new Map<string, Kept>()];
  };

  return {
    recall,
    remember,
    read: (_, keys) => Promise.resolve(recall(keys)),
    observe: (_, keys, change) => {
      remember(keys, change);
      return Promise.resolve();
    },
    size: () => young.size + old.size,
    close: () => Promise.resolve(),
  };
}

/** What was handed out never changes: a log only grows behind the `to` of its readers, and is replaced when it is cut. */
type Kept = History & { readonly log: number[] };

const nothing: Kept = { ...unseen, log: [] };

const extended =
  (entry: number[], attempt: boolean, entriesKept: number) =>
  (before: Kept): Kept => {
    const { firstSeenAt, attempts, frauds, goods, lastFraudAt, log, from, to } = before;
    const [at = NaN] = entry;
    const past = to - from;
    const kept = {
      firstSeenAt: attempt && Number.isNaN(firstSeenAt) ? at : firstSeenAt,
      attempts: attempt ? attempts + 1 : attempts,
      frauds,
      goods,
      lastFraudAt,
    };
    if (past === 0) return { ...kept, log: entry, from: 0, to: entryWidth };
    const oldest = past < entriesKept * entryWidth ? from : from + entryWidth;
    // Two entities that shared a past and now part: whoever comes second finds the place behind its end taken.
    if (log.length !== to || oldest >= entriesKept * entryWidth) {
      const own = log.slice(oldest, to);
      for (const number of entry) own.push(number);
      return { ...kept, log: own, from: 0, to: own.length };
    }
    for (const number of entry) log.push(number);
    return { ...kept, log, from: oldest, to: log.length };
  };

const labelled =
  (label: Label) =>
  (before: Kept): Kept =>
    label.fraud
      ? {
          ...before,
          frauds: before.frauds + 1,
          lastFraudAt: before.lastFraudAt > label.happenedAt ? before.lastFraudAt : label.happenedAt,
        }
      : { ...before, goods: before.goods + 1 };
