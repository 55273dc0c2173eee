import type { Redis } from 'ioredis';
import type { Once } from '../challenge/challenge.ts';
import { inTime } from './in-time.ts';

/**
 * Once for all processes together. Holders are compared in Redis's own answer, so that of ten at once one wins. When
 * Redis fails, `local` decides: a solution could then be used once per process, and nobody passes without one.
 */
export function onceInRedis(client: Redis, local: Once): Once {
  const take = async (key: string, holder: string, ttlMs: number): Promise<boolean> =>
    (await client.set(key, holder, 'PX', ttlMs, 'NX')) === 'OK' || (await client.get(key)) === holder;

  return async (key, holder, ttlMs) => {
    if (client.status !== 'ready') return local(key, holder, ttlMs);
    try {
      const taken = await inTime(take(key, holder, ttlMs));
      return taken === 'late' ? await local(key, holder, ttlMs) : taken;
    } catch {
      return local(key, holder, ttlMs);
    }
  };
}
