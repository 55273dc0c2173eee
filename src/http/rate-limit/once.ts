import type { Redis } from 'ioredis';
import type { Once } from '../challenge/challenge.ts';
import type { Patience } from './patience.ts';

/**
 * Once for all processes together. Holders are compared in Redis's own answer, so that of ten at once one wins. When
 * Redis fails, `local` decides: a solution could then be used once per process, and nobody passes without one.
 */
export function onceInRedis(client: Redis, local: Once, patience: Patience): Once {
  const take = async (key: string, holder: string, ttlMs: number): Promise<boolean> =>
    (await client.set(key, holder, 'PX', ttlMs, 'NX')) === 'OK' || (await client.get(key)) === holder;

  return async (key, holder, ttlMs) => {
    const taken = await patience(() => take(key, holder, ttlMs));
    return taken === 'away' ? local(key, holder, ttlMs) : taken;
  };
}
