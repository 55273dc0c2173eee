import { dayMs, minuteMs } from '../../../kernel/instant.ts';
import {
  codeOf,
  entryWidth,
  markOf,
  place,
  unseen,
  windows,
  type CountedKind,
  type EntityKind,
  type Happening,
  type History,
  type Window,
} from '../entities.ts';
import type { FactName } from './facts.ts';
import type { Context } from './feature.ts';

/** A pure function of the past: equal contexts give equal numbers, bit for bit, whichever store they came from. */
export type Measure = (context: Context) => number;

/** Whether the entry that begins at `entry` counts. */
type Matches = (log: ArrayLike<number>, entry: number, context: Context) => boolean;

/** Visits the entries of one entity inside the window `(at − window, at]`; false when the entity is not named. */
function visit(
  { at, histories }: Context,
  kind: EntityKind,
  window: Window,
  see: (log: ArrayLike<number>, entry: number) => void,
): boolean {
  const history = histories[kind];
  if (history === undefined) return false;
  const { log, from, to } = history;
  const since = at - windows[window];
  for (let entry = from; entry < to; entry += entryWidth) {
    const then = log[entry + place.at] ?? NaN;
    if (then > since && then <= at) see(log, entry);
  }
  return true;
}

export const fact =
  (name: FactName): Measure =>
  (context) =>
    context.facts[name] ?? NaN;

export function count(kind: EntityKind, what: Happening, window: Window): Measure {
  const code = codeOf(what);
  const length = windows[window];
  // Written out, because half of all features are counts and this loop is where a replay spends its time.
  return ({ at, histories }) => {
    const history = histories[kind];
    if (history === undefined) return NaN;
    const { log, from, to } = history;
    const since = at - length;
    let found = 0;
    for (let entry = from; entry < to; entry += entryWidth) {
      if (log[entry + place.what] !== code) continue;
      const then = log[entry + place.at] ?? NaN;
      if (then > since && then <= at) found += 1;
    }
    return found;
  };
}

export function countWhere(kind: EntityKind, window: Window, matches: Matches): Measure {
  return (context) => {
    let found = 0;
    const named = visit(context, kind, window, (log, entry) => {
      if (matches(log, entry, context)) found += 1;
    });
    return named ? found : NaN;
  };
}

const order = codeOf('checkout');
const isOrder: Matches = (log, entry) => log[entry + place.what] === order;
/** An order without a price: a trial, or a card being tried out. */
export const isFree: Matches = (log, entry, context) =>
  isOrder(log, entry, context) && log[entry + place.amount] === 0;
/** An order of exactly the amount of this one, as a script repeats it. */
export const isSameAmount: Matches = (log, entry, context) =>
  isOrder(log, entry, context) && log[entry + place.amount] === context.facts['order.value'];

/** How many different entities of a kind were seen together with this one. */
export function distinct(kind: EntityKind, of: CountedKind, window: Window, what?: Happening): Measure {
  const code = what && codeOf(what);
  return (context) => {
    const found = different(of);
    const named = visit(context, kind, window, (log, entry) => {
      if (code === undefined || log[entry + place.what] === code) found.add(log, entry);
    });
    return named ? found.count() : NaN;
  };
}

/** Collects the different entities of a kind that entries name. An array, because most windows know a handful. */
function different(of: CountedKind): {
  readonly add: (log: ArrayLike<number>, entry: number) => void;
  readonly count: () => number;
} {
  const marks: number[] = [];
  return {
    add: (log, entry) => {
      const mark = log[entry + place[of]] ?? NaN;
      if (!Number.isNaN(mark) && !marks.includes(mark)) marks.push(mark);
    },
    count: () => marks.length,
  };
}

/** Whether this event brings a `what` that was never seen with the entity: 0 or 1; unknown on the entity's first event. */
export function novel(kind: EntityKind, what: CountedKind): Measure {
  return ({ keys, histories }) => {
    const history = histories[kind];
    const mark = markOf(keys[what]);
    if (history === undefined || history.from === history.to || Number.isNaN(mark)) return NaN;
    const { log, from, to } = history;
    for (let entry = from; entry < to; entry += entryWidth) if (log[entry + place[what]] === mark) return 0;
    return 1;
  };
}

export function sum(kind: EntityKind, what: Happening, window: Window): Measure {
  const code = codeOf(what);
  return (context) => {
    let total = 0;
    const named = visit(context, kind, window, (log, entry) => {
      if (log[entry + place.what] === code) total += knownAmount(log, entry);
    });
    return named ? total : NaN;
  };
}

function knownAmount(log: ArrayLike<number>, entry: number): number {
  const amount = log[entry + place.amount] ?? NaN;
  return Number.isNaN(amount) ? 0 : amount;
}

/** The order's value over the mean value of the entity's orders in the window. */
export function toHabit(kind: EntityKind, window: Window): Measure {
  return (context) => {
    let total = 0;
    let orders = 0;
    visit(context, kind, window, (log, entry) => {
      if (!isOrder(log, entry, context) || Number.isNaN(log[entry + place.amount])) return;
      total += knownAmount(log, entry);
      orders += 1;
    });
    return orders === 0 || total === 0 ? NaN : (context.facts['order.value'] ?? NaN) / (total / orders);
  };
}

/** Among the entity's entries of two kinds in the window, the share that is of the first; unknown without any. */
export function share(kind: EntityKind, part: Happening, rest: Happening, window: Window): Measure {
  const [one, other] = [codeOf(part), codeOf(rest)];
  return (context) => {
    let parts = 0;
    let all = 0;
    visit(context, kind, window, (log, entry) => {
      const code = log[entry + place.what];
      if (code === one) parts += 1;
      if (code === one || code === other) all += 1;
    });
    return all === 0 ? NaN : parts / all;
  };
}

export function minutesSince(kind: EntityKind, what: Happening): Measure {
  const code = codeOf(what);
  return ({ at, histories }) => {
    const { log, from, to } = histories[kind] ?? unseen;
    let last = NaN;
    for (let entry = from; entry < to; entry += entryWidth) {
      const then = log[entry + place.at] ?? NaN;
      if (log[entry + place.what] === code && then <= at && !(then <= last)) last = then;
    }
    return (at - last) / minuteMs;
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
    const found = different('account');
    let named = false;
    for (const kind of ['device', 'ip', 'address', 'phone'] as const)
      named = visit(context, kind, window, found.add) || named;
    return named ? found.count() : NaN;
  };
}
