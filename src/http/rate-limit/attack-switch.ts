import { unreachable } from '../../kernel/unreachable.ts';
import { minuteMs, secondMs, type Instant } from '../../kernel/instant.ts';
import type { Profile } from './limits.ts';

/** What one shop's payments looked like in the last window. */
export type Traffic = {
  readonly approved: number;
  readonly declined: number;
  /** Kept out by a limit, or by a challenge whose solution was wrong. */
  readonly refused: number;
  /** Asked for a challenge. A buyer solves it and comes back as approved or declined; a bot does not. */
  readonly challenged: number;
  readonly cards: number;
};

/** The band that a shop's traffic is expected to stay in. */
export type Band = {
  /** Fewer attempts say nothing: three declines of four happen to every shop. */
  readonly attemptsMin: number;
  /** Shops decline 5 to 20 %; card testers 80 % and more. */
  readonly declineRatioMax: number;
  /** Back below this the shop is calm; lower than the maximum, so that it does not flap at the edge. */
  readonly declineRatioCalm: number;
  /** How many times its usual number of distinct cards a window may bring, a good campaign included. */
  readonly cardsTimesMax: number;
  /** Below this many distinct cards a window is never an attack by their number. */
  readonly cardsMin: number;
  /** How long it must be calm before the normal profile returns. */
  readonly calmMs: number;
};

export const usualBand: Band = {
  attemptsMin: 20,
  declineRatioMax: 0.5,
  declineRatioCalm: 0.3,
  cardsTimesMax: 8,
  cardsMin: 60,
  calmMs: 5 * minuteMs,
};

/**
 * - `normal`: how every shop begins, and where it returns from `strict` after `calmMs` of calm. `usualCards` is the
 *   slow average of distinct cards per window, learned here only: an attack must not become usual.
 * - `strict`: entered when the decline ratio or the number of distinct cards leaves the band. `calmSince` is the
 *   beginning of the present calm, if there is one.
 */
export type AttackState =
  | { readonly profile: 'normal'; readonly usualCards: number | undefined }
  | {
      readonly profile: 'strict';
      readonly reason: AttackReason;
      readonly since: Instant;
      readonly calmSince: Instant | undefined;
      readonly usualCards: number | undefined;
    };

export const attackReasons = ['decline_ratio', 'distinct_cards'] as const;
export type AttackReason = (typeof attackReasons)[number];

export const calm: AttackState = { profile: 'normal', usualCards: undefined };

/** The next state after a window of traffic. Pure; `at` is the end of the window. */
export function judgeTraffic(
  state: AttackState,
  traffic: Traffic,
  at: Instant,
  band: Band = usualBand,
): AttackState {
  const reason = leavesBand(state, traffic, band);
  switch (state.profile) {
    case 'normal':
      if (reason !== undefined)
        return { profile: 'strict', reason, since: at, calmSince: undefined, usualCards: state.usualCards };
      return { profile: 'normal', usualCards: learn(state.usualCards, traffic.cards) };
    case 'strict': {
      if (reason !== undefined || !isCalm(traffic, band)) return { ...state, calmSince: undefined };
      const calmSince = state.calmSince ?? at;
      if (at - calmSince < band.calmMs) return { ...state, calmSince };
      return { profile: 'normal', usualCards: state.usualCards };
    }
    default:
      return unreachable(state);
  }
}

function leavesBand(state: AttackState, traffic: Traffic, band: Band): AttackReason | undefined {
  const { attempts, failureRatio } = ratios(traffic);
  if (attempts >= band.attemptsMin && failureRatio > band.declineRatioMax) return 'decline_ratio';
  const usual = state.usualCards;
  if (usual !== undefined && traffic.cards >= band.cardsMin && traffic.cards > usual * band.cardsTimesMax)
    return 'distinct_cards';
  return undefined;
}

function isCalm(traffic: Traffic, band: Band): boolean {
  const { attempts, failureRatio } = ratios(traffic);
  return attempts < band.attemptsMin || failureRatio < band.declineRatioCalm;
}

/**
 * Refusals and unsolved challenges count as failures: otherwise the strict profile would hide the attack that it holds
 * off, and end.
 */
function ratios({ approved, declined, refused, challenged }: Traffic): {
  attempts: number;
  failureRatio: number;
} {
  const failed = declined + refused + Math.max(0, challenged - approved - declined);
  const attempts = approved + failed;
  return { attempts, failureRatio: attempts === 0 ? 0 : failed / attempts };
}

/** An average over about an hour of slices: a day's rush moves it, a minute's attack does not. */
function learn(usual: number | undefined, cards: number): number {
  return usual === undefined ? cards : usual + (cards - usual) / 360;
}

export type ProfileChange = {
  readonly merchant: string;
  readonly from: AttackState;
  readonly to: AttackState;
};

export type AttackSwitch = {
  /** Notes what became of one attempt; `card` is a fingerprint. */
  note(merchant: string, became: Became, card?: string): void;
  profileOf(merchant: string): Profile;
  readonly stateOf: (merchant: string) => AttackState;
  /** Judges what was noted; called every `sliceMs` by a timer of the caller. */
  readonly tick: () => void;
};

/** A window is six slices: an attack is judged within ten seconds of its beginning, on a minute of traffic. */
export const sliceMs = 10 * secondMs;
const slicesPerWindow = 6;
/** More distinct cards than this in ten seconds need not be told apart to be called an attack. */
const cardsPerSliceMax = 10_000;

export type Became = 'approved' | 'declined' | 'refused' | 'challenged';

type Slice = Record<Became, number> & { cards: Set<string> };
type Shop = { state: AttackState; slices: Slice[]; ticks: number };

/**
 * Holds the state of each shop in this process. Every process sees its share of the traffic and judges by ratios, so
 * that all of them switch without talking to each other. Shops without traffic and in calm are forgotten.
 */
export function attackSwitch(deps: {
  now: () => Instant;
  onChange: (change: ProfileChange) => void;
  band?: Band;
}): AttackSwitch {
  const shops = new Map<string, Shop>();
  const stateOf = (merchant: string): AttackState => shops.get(merchant)?.state ?? calm;

  return {
    note: (merchant, became, card) => {
      let shop = shops.get(merchant);
      if (shop === undefined) shops.set(merchant, (shop = { state: calm, slices: [emptySlice()], ticks: 0 }));
      const slice = shop.slices.at(-1) ?? emptySlice();
      slice[became] += 1;
      if (card !== undefined && slice.cards.size < cardsPerSliceMax) slice.cards.add(card);
    },
    profileOf: (merchant) => stateOf(merchant).profile,
    stateOf,
    tick: () => {
      for (const [merchant, shop] of shops) {
        const from = shop.state;
        const traffic = total(shop.slices);
        // What is usual is learned from whole windows, not from the first ten seconds after a start.
        const warm = (shop.ticks += 1) >= slicesPerWindow || from.usualCards !== undefined;
        const to = judgeTraffic(from, traffic, deps.now(), deps.band);
        shop.state = warm || to.profile === 'strict' ? to : from;
        if (shop.state.profile !== from.profile) deps.onChange({ merchant, from, to });
        shop.slices.push(emptySlice());
        if (shop.slices.length > slicesPerWindow) shop.slices.shift();
        if (ratios(traffic).attempts === 0 && shop.state.profile === 'normal') {
          shops.delete(merchant);
        }
      }
    },
  };
}

function emptySlice(): Slice {
  return { approved: 0, declined: 0, refused: 0, challenged: 0, cards: new Set() };
}

function total(slices: readonly Slice[]): Traffic {
  const cards = new Set<string>();
  const sum = { approved: 0, declined: 0, refused: 0, challenged: 0 };
  for (const slice of slices) {
    sum.approved += slice.approved;
    sum.declined += slice.declined;
    sum.refused += slice.refused;
    sum.challenged += slice.challenged;
    for (const card of slice.cards) cards.add(card);
  }
  return { ...sum, cards: cards.size };
}
