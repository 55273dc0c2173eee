import { dayMs, minuteMs } from '../../../kernel/instant.ts';
import {
  windows,
  type CountedKind,
  type EntityKind,
  type Entry,
  type Happening,
  type History,
  type Window,
} from '../entities.ts';
import type { FactName } from './facts.ts';
import type { Context } from './feature.ts';

/** A pure function of the past: equal contexts give equal numbers, bit for bit, whichever store they came from. */
export type Measure = (context: Context) => number;

const anything = (): boolean => true;
const is =
  (what: Happening) =>
  (entry: Entry): boolean =>
    entry.what === what;

/** Visits the entries of one entity inside the window `(at − window, at]`; false when the entity is not named. */
function visit(context: Context, kind: EntityKind, window: Window, see: (entry: Entry) => void): boolean {
  const history = context.histories[kind];
  if (history === undefined) return false;
  const { at } = context;
  const since = at - windows[window];
  for (const entry of history.entries) if (entry.at > since && entry.at <= at) see(entry);
  return true;
}

export const fact =
  (name: FactName): Measure =>
  (context) =>
    context.facts[name] ?? NaN;

export function count(kind: EntityKind, what: Happening, window: Window): Measure {
  // Written out, because half of all features are counts and this loop is where a replay spends its time.
  return ({ at, histories }) => {
    const history = histories[kind];
    if (history === undefined) return NaN;
    const since = at - windows[window];
    let found = 0;
    for (const entry of history.entries)
      if (entry.what === what && entry.at > since && entry.at <= at) found += 1;
    return found;
  };
}

export function countWhere(
  kind: EntityKind,
  window: Window,
  matches: (entry: Entry, context: Context) => boolean,
): Measure {
  return (context) => {
    let found = 0;
    return visit(context, kind, window, (entry) => (found += matches(entry, context) ? 1 : 0)) ? found : NaN;
  };
}

/** An order without a price: a trial, or a card being tried out. */
export const isFree = (entry: Entry): boolean => entry.what === 'checkout' && entry.amount === 0;
/** An order of exactly the amount of this one, as a script repeats it. */
export const isSameAmount = (entry: Entry, { facts }: Context): boolean =>
  entry.what === 'checkout' && entry.amount === facts['order.value'];

/** How many different entities of a kind were seen together with this one. */
export function distinct(kind: EntityKind, of: CountedKind, window: Window, what?: Happening): Measure {
  const matches = what === undefined ? anything : is(what);
  return (context) => {
    const found = new Set<string>();
    const named = visit(context, kind, window, (entry) => {
      const key = entry.keys[of];
      if (key !== undefined && matches(entry)) found.add(key);
    });
    return named ? found.size : NaN;
  };
}

/** Whether this event brings a `what` that was never seen with the entity: 0 or 1; unknown on the entity's first event. */
export function novel(kind: EntityKind, what: CountedKind): Measure {
  return (context) => {
    const key = context.keys[what];
    const entries = context.histories[kind]?.entries ?? [];
    if (key === undefined || entries.length === 0) return NaN;
    return entries.some((entry) => entry.keys[what] === key) ? 0 : 1;
  };
}

export function sum(kind: EntityKind, what: Happening, window: Window): Measure {
  return (context) => {
    let total = 0;
    const named = visit(context, kind, window, (entry) => {
      if (entry.what === what && !Number.isNaN(entry.amount)) total += entry.amount;
    });
    return named ? total : NaN;
  };
}

/** The order's value over the mean value of the entity's orders in the window. */
export function toHabit(kind: EntityKind, window: Window): Measure {
  return (context) => {
    let total = 0;
    let orders = 0;
    visit(context, kind, window, (entry) => {
      if (entry.what !== 'checkout' || Number.isNaN(entry.amount)) return;
      total += entry.amount;
      orders += 1;
    });
    return orders === 0 || total === 0 ? NaN : (context.facts['order.value'] ?? NaN) / (total / orders);
  };
}

/** Among the entity's entries of two kinds in the window, the share that is of the first; unknown without any. */
export function share(kind: EntityKind, part: Happening, rest: Happening, window: Window): Measure {
  return (context) => {
    let parts = 0;
    let all = 0;
    visit(context, kind, window, (entry) => {
      if (entry.what === part) parts += 1;
      if (entry.what === part || entry.what === rest) all += 1;
    });
    return all === 0 ? NaN : parts / all;
  };
}

export function minutesSince(kind: EntityKind, what: Happening): Measure {
  return (context) => {
    let last = NaN;
    for (const entry of context.histories[kind]?.entries ?? [])
      if (entry.what === what && entry.at <= context.at && !(entry.at <= last)) last = entry.at;
    return (context.at - last) / minuteMs;
  };
}

const ofHistory =
  (read: (history: History, context: Context) => number) =>
  (kind: EntityKind): Measure =>
  (context) => {
    const history = context.histories[kind];
    return history === undefined ? NaN : read(history, context);
  };

export const daysKnown = ofHistory((history, { at }) => (at - history.firstSeenAt) / dayMs);
export const daysSinceFraud = ofHistory((history, { at }) => (at - history.lastFraudAt) / dayMs);
export const knownFrauds = ofHistory((history) => history.frauds);
export const knownGoods = ofHistory((history) => history.goods);

/**
 * Known frauds among known labels, drawn towards the prior as if `weight` events with that share had been seen: one fraud
 * in one event is weaker evidence than forty in fifty. The prior is the usual order of magnitude, not the shop's own share.
 */
const prior = { share: 0.02, weight: 10 };
export const fraudShare = ofHistory(
  ({ frauds, goods }) => (frauds + prior.share * prior.weight) / (frauds + goods + prior.weight),
);

/** How many different accounts are joined to this event by a shared device, address or phone. */
export function joinedAccounts(window: Window): Measure {
  return (context) => {
    const found = new Set<string>();
    let named = false;
    for (const kind of ['device', 'ip', 'address', 'phone'] as const)
      named =
        visit(context, kind, window, (entry) => {
          if (entry.keys.account !== undefined) found.add(entry.keys.account);
        }) || named;
    return named ? found.size : NaN;
  };
}
