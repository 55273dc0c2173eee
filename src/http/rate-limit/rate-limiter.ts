import type { Problem } from '../problem.ts';
import {
  calls,
  callers,
  type Call,
  type Caller,
  type Dimension,
  type Limit,
  type Profile,
} from './limits.ts';
import type { Count, LimitStore } from './store.ts';

/** A request as limits see it. A dimension that is not known (yet) is left out, and its limits do not apply. */
export type Visit = {
  readonly call: Call;
  readonly caller: Caller;
  readonly profile?: Profile;
  /** The caller has solved a challenge for this call: limits that ask for one let it pass. */
  readonly challengeSolved?: boolean;
  readonly keys: { readonly [D in Dimension]?: string | undefined };
};

/** `headers` are RateLimit and RateLimit-Policy of the limit that is nearest to its end, none when no limit applies. */
export type LimitVerdict =
  | { readonly ok: true; readonly headers: Readonly<Record<string, string>> }
  | {
      readonly ok: false;
      readonly answer: 'refuse' | 'challenge';
      readonly limit: string;
      readonly retryAfterS: number;
      readonly headers: Readonly<Record<string, string>>;
    };

export type RateLimiter = {
  /** Before the work: counts the call and says whether it may go on. */
  consume(visit: Visit): Promise<LimitVerdict>;
  /**
   * After the work: adds what the limits say a failure weighs (a decline, a wrong password, a forged secret), and what
   * the call turned out to cost by the score that it was given. Nothing is asked of the store when that is nothing.
   */
  settle(visit: Visit, became: { readonly failed: boolean; readonly score?: number | null }): Promise<void>;
  /** Takes over other limits; counts of limits that keep their id and window go on. */
  reload(limits: readonly Limit[]): void;
};

/** A call that looks like fraud counts up to five times: 1 at score 0, 5 at score 1. */
export function callCost(score: number): number {
  return 1 + Math.round(4 * Math.min(1, Math.max(0, score)));
}

export function rateLimiter(deps: {
  limits: readonly Limit[];
  store: LimitStore;
  /** Told of every call over a limit, dry runs included: a metric, and material for the attack switch. */
  onExceeded?: (limit: Limit) => void;
}): RateLimiter {
  const { store, onExceeded } = deps;
  let applicable = index(deps.limits);

  const count = async (
    { call, caller, keys }: Visit,
    pointsOf: (limit: Limit) => number | undefined,
  ): Promise<Counted[]> => {
    const counted: Counted[] = [];
    const adds = [];
    for (const limit of applicable.get(`${call} ${caller}`) ?? []) {
      const value = keys[limit.by];
      const points = pointsOf(limit);
      if (value === undefined || points === undefined) continue;
      counted.push({ limit, points, used: 0, resetsInMs: 0 });
      adds.push({ key: `${keys.merchant ?? ''}\0${limit.id}\0${value}`, points, windowS: limit.window });
    }
    if (adds.length === 0) return counted;
    const counts = await store.add(adds);
    return counted.map((each, at) => ({ ...each, ...counts[at] }));
  };

  return {
    consume: async (visit) => judge(await count(visit, ({ cost }) => cost.call), visit, onExceeded),
    settle: async (visit, { failed, score }) => {
      const more = callCost(score ?? 0) - 1;
      if (!failed && more === 0) return;
      await count(visit, ({ cost }) => cost.call * more + (failed ? cost.failure : 0) || undefined);
    },
    reload: (limits) => {
      applicable = index(limits);
    },
  };
}

/** The answer to a call over a limit; the challenge's problem comes with the same headers. */
export function limitProblem(verdict: LimitVerdict & { ok: false }): Problem {
  const { answer, retryAfterS, headers, limit } = verdict;
  return answer === 'challenge'
    ? { code: 'challenge_required', headers }
    : { code: 'quota_exceeded', detail: `The limit ${limit} is used up.`, retryAfterS, headers };
}

type Counted = Count & { readonly limit: Limit; readonly points: number };

function judge(counted: readonly Counted[], visit: Visit, onExceeded?: (limit: Limit) => void): LimitVerdict {
  let nearest: { share: number; headers: () => Record<string, string> } | undefined;
  let over: (LimitVerdict & { ok: false }) | undefined;
  for (const { limit, points, used, resetsInMs } of counted) {
    const strict = visit.profile === 'strict' ? limit.strict : undefined;
    const allow = strict?.allow ?? limit.allow;
    const resetsInS = Math.max(1, Math.ceil(resetsInMs / 1_000));
    const share = used / allow;
    const headers = (): Record<string, string> => ({
      'ratelimit-policy': `"${limit.id}";q=${allow};w=${limit.window}`,
      ratelimit: `"${limit.id}";r=${Math.max(0, allow - used)};t=${resetsInS}`,
    });
    // A limit on failures alone adds nothing for the call, yet one more call must fit under it.
    const exceeded = used - points + Math.max(points, 1) > allow;
    if (exceeded) onExceeded?.(limit);
    const answer = strict?.answer ?? limit.answer;
    if (limit.dry_run || (answer === 'challenge' && visit.challengeSolved === true)) continue;
    if (nearest === undefined || share > nearest.share) nearest = { share, headers };
    if (!exceeded) continue;
    // A refusal is worth more than a challenge: solving that would not help. Among equals the longest wait counts.
    const worse = over === undefined || (answer === 'refuse' && over.answer === 'challenge');
    if (worse || (answer === over?.answer && resetsInS > over.retryAfterS)) {
      over = { ok: false, answer, limit: limit.id, retryAfterS: resetsInS, headers: headers() };
    }
  }
  return over ?? { ok: true, headers: nearest?.headers() ?? {} };
}

type Index = ReadonlyMap<string, readonly Limit[]>;

function index(limits: readonly Limit[]): Index {
  return new Map(
    calls.flatMap((call) =>
      callers.map((caller) => [
        `${call} ${caller}`,
        limits.filter((limit) => limit.calls.includes(call) && limit.callers.includes(caller)),
      ]),
    ),
  );
}
