import {
  entityKinds,
  entriesMax,
  entryWidth,
  toNumbers,
  unseen,
  type EntityKeys,
  type EntityKind,
  type Entry,
  type Histories,
  type History,
} from '../../domain/risk/entities.ts';
import type { Labelled } from '../../domain/risk/observed.ts';
import { isAttempt, type Velocity } from './velocity.ts';

/**
 * Answers at once as well: a replay and a warm start ask a million times, and a promise costs as much as the answer. Entities
 * are found once for all that is done with them; histories that were handed out do not change.
 */
export type MemoryVelocity = Velocity & {
  readonly meet: (keys: EntityKeys) => Met;
  readonly happen: (entities: readonly Entity[], entry: Entry) => void;
  readonly label: (entities: readonly Entity[], said: Labelled) => void;
  readonly size: () => number;
};

export type Met = { readonly histories: Histories; readonly entities: readonly Entity[] };

export type Entity = { past: Past };

/**
 * Histories in this process: for the embedded default (one process, warmed from PostgreSQL) and for replays.
 *
 * Bounded: at most `entitiesMax` entities, in two generations. When the young one holds half of that it becomes the old one,
 * and what was not met since the change before is forgotten. (One map in order of use would be exact, but finding
 * its oldest entry means walking over everything that was moved.) A million entities take half a gigabyte.
 *
 * Only a bench that reproduces somebody else's figures keeps more entries than `entriesMax`: Redis keeps just those.
 */
export function memoryVelocity(entitiesMax = 1_000_000, entriesKept = entriesMax): MemoryVelocity {
  /** By entity key, which is unique over merchants and kinds. */
  let young = new Map<string, Entity>();
  let old = new Map<string, Entity>();

  const meet = (keys: EntityKeys): Met => {
    const histories: { [Kind in EntityKind]?: History } = {};
    const entities: Entity[] = [];
    for (const kind of entityKinds) {
      const key = keys[kind];
      if (key === undefined) continue;
      let entity = young.get(key);
      if (entity === undefined) {
        entity = old.get(key) ?? { past: nothing };
        young.set(key, entity);
      }
      entities.push(entity);
      histories[kind] = entity.past;
    }
    if (young.size >= entitiesMax / 2) [old, young] = [young, new Map<string, Entity>()];
    return { histories, entities };
  };
  const happen = (entities: readonly Entity[], entry: Entry): void =>
    change(entities, extended(toNumbers(entry), isAttempt(entry.what), entriesKept));
  const label = (entities: readonly Entity[], said: Labelled): void => change(entities, labelled(said));

  return {
    meet,
    happen,
    label,
    read: (_, keys) => Promise.resolve(meet(keys).histories),
    observe: (_, keys, said) => {
      const { entities } = meet(keys);
      if (said.what === 'labelled') label(entities, said);
      else happen(entities, { ...said, keys });
      return Promise.resolve();
    },
    size: () => young.size + old.size,
    close: () => Promise.resolve(),
  };
}

/** The account, e-mail and mailbox of a newcomer have one and the same past, and go on sharing it: a third of the memory. */
function change(entities: readonly Entity[], after: (before: Past) => Past): void {
  const before: Past[] = [];
  const next: Past[] = [];
  for (const entity of entities) {
    let place = before.indexOf(entity.past);
    if (place === -1) {
      place = before.push(entity.past) - 1;
      next.push(after(entity.past));
    }
    entity.past = next[place] ?? entity.past;
  }
}

/** What was handed out never changes: a log only grows behind the `to` of its readers, and is replaced when it is cut. */
type Past = History & { readonly log: number[] };

const nothing: Past = { ...unseen, log: [] };

const extended =
  (entry: number[], attempt: boolean, entriesKept: number) =>
  (before: Past): Past => {
    const { firstSeenAt, attempts, frauds, goods, lastFraudAt, log, from, to } = before;
    const [at = NaN] = entry;
    const past = to - from;
    const sums = {
      firstSeenAt: attempt && Number.isNaN(firstSeenAt) ? at : firstSeenAt,
      attempts: attempt ? attempts + 1 : attempts,
      frauds,
      goods,
      lastFraudAt,
    };
    if (past === 0) return { ...sums, log: entry, from: 0, to: entryWidth };
    const oldest = past < entriesKept * entryWidth ? from : from + entryWidth;
    // Two entities that shared a past and now part: whoever comes second finds the place behind its end taken.
    if (log.length !== to || oldest >= entriesKept * entryWidth) {
      const own = log.slice(oldest, to);
      for (const number of entry) own.push(number);
      return { ...sums, log: own, from: 0, to: own.length };
    }
    for (const number of entry) log.push(number);
    return { ...sums, log, from: oldest, to: log.length };
  };

const labelled =
  ({ fraud, happenedAt, overrules = false }: Labelled) =>
  (before: Past): Past => {
    const less = (count: number): number => (overrules ? Math.max(0, count - 1) : count);
    if (!fraud) {
      const frauds = less(before.frauds);
      const lastFraudAt = frauds === 0 ? NaN : before.lastFraudAt;
      return { ...before, goods: before.goods + 1, frauds, lastFraudAt };
    }
    const lastFraudAt = before.lastFraudAt > happenedAt ? before.lastFraudAt : happenedAt;
    return { ...before, frauds: before.frauds + 1, goods: less(before.goods), lastFraudAt };
  };
