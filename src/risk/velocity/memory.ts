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
 * Bounded: beyond `entitiesMax` the entity that was named longest ago is forgotten. A million orders name about two and
 * a half million entities, nine in ten of them once.
 */
export function memoryVelocity(entitiesMax = 2_500_000): Velocity & { readonly size: () => number } {
  /** By entity key, which is unique over merchants and kinds; in the order in which they were last written. */
  const remembered = new Map<string, History>();

  return {
    read: (_, keys) => {
      const histories: Partial<Record<EntityKind, History>> = {};
      for (const kind of entityKinds) {
        const key = keys[kind];
        if (key !== undefined) histories[kind] = remembered.get(key) ?? unseen;
      }
      return Promise.resolve(histories satisfies Histories);
    },
    observe: (_, keys, change) => {
      const after = change.what === 'labelled' ? labelled(change) : extended({ ...change, keys });
      for (const kind of entityKinds) {
        const key = keys[kind];
        if (key === undefined) continue;
        const before = remembered.get(key);
        if (before !== undefined) remembered.delete(key);
        remembered.set(key, after(before ?? unseen));
      }
      for (const oldest of remembered.keys()) {
        if (remembered.size <= entitiesMax) break;
        remembered.delete(oldest);
      }
      return Promise.resolve();
    },
    size: () => remembered.size,
    close: () => Promise.resolve(),
  };
}

const extended =
  (entry: Entry) =>
  (before: History): History => {
    const attempt = isAttempt(entry.what);
    const kept = before.entries.length < entriesMax ? before.entries : before.entries.slice(1);
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
