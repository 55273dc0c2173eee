import { createHmac } from 'node:crypto';
import type { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { Patience } from './patience.ts';

export type Add = { readonly key: string; readonly points: number; readonly windowS: number };
/** The points of the key's window after adding, and when that window ends. */
export type Count = { readonly used: number; readonly resetsInMs: number };

/** Where points are counted: fixed windows that begin with a key's first points. */
export type LimitStore = { add(adds: readonly Add[]): readonly Count[] | Promise<readonly Count[]> };

/**
 * Counts in this process. It holds at most `keysMax` keys (about 20 MB): keys can be made up by a caller, memory
 * cannot. The oldest window goes first, so that somebody who floods the store frees others early, and never blocks them.
 */
export function memoryStore({ now = Date.now, keysMax = 100_000 } = {}): LimitStore {
  const windows = new Map<string, { used: number; endsAt: number }>();
  return {
    add: (adds) => {
      const at = now();
      return adds.map(({ key, points, windowS }) => {
        let window = windows.get(key);
        if (window === undefined || window.endsAt <= at) {
          windows.delete(key);
          window = { used: 0, endsAt: at + windowS * 1_000 };
          windows.set(key, window);
          if (windows.size > keysMax) windows.delete(windows.keys().next().value ?? key);
        }
        window.used += points;
        return { used: window.used, resetsInMs: window.endsAt - at };
      });
    },
  };
}

/**
 * Counts in Redis, for all processes together. Keys leave the process only as an HMAC: they hold client secrets and
 * e-mail addresses. `pepper` is the same in all processes and secret.
 */
export function redisStore(client: Redis, pepper: string): LimitStore {
  const limiters = new Map<number, RateLimiterRedis>();
  const limiterOf = (windowS: number): RateLimiterRedis => {
    let limiter = limiters.get(windowS);
    if (limiter === undefined) {
      // Points are compared by the caller, because the strict profile allows fewer of the same count.
      limiter = new RateLimiterRedis({
        storeClient: client,
        keyPrefix: `limit:${windowS}`,
        points: Number.MAX_SAFE_INTEGER,
        duration: windowS,
        rejectIfRedisNotReady: true,
      });
      limiters.set(windowS, limiter);
    }
    return limiter;
  };
  return {
    add: (adds) =>
      Promise.all(
        adds.map(async ({ key, points, windowS }) => {
          const hidden = createHmac('sha256', pepper).update(key).digest('base64url');
          const { consumedPoints, msBeforeNext } = await limiterOf(windowS).penalty(hidden, points);
          return { used: consumedPoints, resetsInMs: msBeforeNext };
        }),
      ),
  };
}

/**
 * Counts in the shared store, and in the local one whenever that fails or is late: a limit then holds per process,
 * which is looser by the number of processes and never absent. Both stores are never asked for one answer, save when
 * the shared one was late.
 */
export function insuredStore(shared: LimitStore, local: LimitStore, patience: Patience): LimitStore {
  return {
    add: async (adds) => {
      const counts = await patience(async () => shared.add(adds));
      return counts === 'away' ? local.add(adds) : counts;
    },
  };
}
