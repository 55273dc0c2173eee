import { dayMs, hourMs, minuteMs, type Instant } from '../../kernel/instant.ts';
import type { AssessmentEvent } from './decision.ts';

/**
 * What events have in common with each other, and what is therefore counted.
 * - `email` is the address as typed (lower case), `mailbox` its canonical form (no dots, no `+tag`), `domain` its host.
 * - `network` is the /24 (IPv4) or /48 (IPv6) around the `ip`.
 * - `address` is the full shipping address, `area` the country and first three characters of the billing postal code,
 *   `region` its country and state.
 * - `pattern` is the shape of name and e-mail (`aaaa9999@host`); `shop` is everything of the merchant.
 */
export const entityKinds = [
  'account',
  'email',
  'mailbox',
  'domain',
  'card',
  'bin',
  'device',
  'ip',
  'network',
  'address',
  'area',
  'region',
  'phone',
  'pattern',
  'shop',
] as const;
export type EntityKind = (typeof entityKinds)[number];

/** The kinds that another entity's history can count distinct ones of. */
export const countedKinds = ['account', 'email', 'card', 'device', 'ip', 'area'] as const;
export type CountedKind = (typeof countedKinds)[number];

/** The kinds whose assessments are found again: somebody or something that acts. */
export const tracedKinds = ['account', 'email', 'card', 'device', 'ip', 'address'] as const;
export type TracedKind = (typeof tracedKinds)[number];

/** A keyed hash of merchant, kind and value for every entity that the signals name; nothing personal is left in it. */
export type EntityKeys = Readonly<Partial<Record<EntityKind, string>>>;

/** What an entry of a history says: the event that was attempted, or how it ended. */
export const happenings = [
  'account_creation',
  'add_card',
  'checkout',
  'login',
  'succeeded',
  'declined',
  'refused',
] as const satisfies readonly (AssessmentEvent | 'succeeded' | 'declined' | 'refused')[];
export type Happening = (typeof happenings)[number];

/** One thing that happened to all the entities that its keys name. */
export type Entry = {
  readonly at: Instant;
  readonly what: Happening;
  /** In major units; NaN where there is no money. */
  readonly amount: number;
  readonly keys: EntityKeys;
};

/**
 * Where the numbers of an entry lie in a log: what happened by its place in `happenings`, the counted entities by their marks,
 * NaN for one not named. Numbers side by side, because a window is read a hundred times as often as it is written, and a
 * hundred entries as objects are as many misses of the processor's cache.
 */
export const place = {
  at: 0,
  what: 1,
  amount: 2,
  account: 3,
  email: 4,
  card: 5,
  device: 6,
  ip: 7,
  area: 8,
} as const satisfies Record<'at' | 'what' | 'amount' | CountedKind, number>;
export const entryWidth = 9;

export function toNumbers({ at, what, amount, keys }: Entry): number[] {
  return [
    at,
    codeOf(what),
    amount,
    markOf(keys.account),
    markOf(keys.email),
    markOf(keys.card),
    markOf(keys.device),
    markOf(keys.ip),
    markOf(keys.area),
  ];
}

export function codeOf(what: Happening): number {
  return happenings.indexOf(what);
}

/** Eight characters of base 64 tell 2^48 entities apart, and a log knows 128. */
const markLength = 8;

/** The start of a key as a number: its characters, of which base64url has those from `-` to `z`, as digits. */
export function markOf(key: string | undefined): number {
  if (key === undefined) return NaN;
  let mark = 0;
  for (let index = 0; index < markLength && index < key.length; index += 1)
    mark = mark * 80 + key.charCodeAt(index) - 45;
  return mark;
}

/** What is remembered of one entity, the event in flight never included. */
export type History = {
  /** When an attempt first named it; NaN for an entity never seen. */
  readonly firstSeenAt: Instant;
  /** Attempts of any kind since it was first seen. */
  readonly attempts: number;
  /** Events whose label has become known, by what it said. */
  readonly frauds: number;
  readonly goods: number;
  /** When the latest of the known frauds took place; NaN without one. */
  readonly lastFraudAt: Instant;
  /** The newest entries, oldest first, at most `entriesMax`: `entryWidth` numbers each, from `from` up to `to`. */
  readonly log: ArrayLike<number>;
  readonly from: number;
  readonly to: number;
};

/** Histories of the entities that the signals name; an entity that is not named has none. */
export type Histories = Readonly<Partial<Record<EntityKind, History>>>;

/**
 * Windows are exact to the millisecond as long as they hold at most this many entries; beyond it the oldest are
 * forgotten and a count says "this many or more". A rule compares with far less; a read stays a few kilobytes.
 */
export const entriesMax = 128;

export const unseen: History = {
  firstSeenAt: NaN,
  attempts: 0,
  frauds: 0,
  goods: 0,
  lastFraudAt: NaN,
  log: [],
  from: 0,
  to: 0,
};

export const windows = {
  '10m': 10 * minuteMs,
  '1h': hourMs,
  '24h': dayMs,
  '7d': 7 * dayMs,
  '30d': 30 * dayMs,
  '90d': 90 * dayMs,
} as const;
export type Window = keyof typeof windows;
