import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from './config.ts';
import { secondMs } from './kernel/instant.ts';
import type { Log } from './observe/log.ts';
import { keptVelocity } from './risk/velocity/kept.ts';
import { memoryVelocity } from './risk/velocity/memory.ts';
import { redisVelocity } from './risk/velocity/redis.ts';
import type { Velocity } from './risk/velocity/velocity.ts';
import type { Store } from './store/store.ts';

/** A small shop's histories are read back in this time; a start does not wait longer for a large one's. */
const patienceMs = 300;

/** The counters that all processes share, or this process's own with what the process before it knew. */
export async function openVelocity(
  { redisUrl }: Pick<Config, 'redisUrl'>,
  { observations }: Pick<Store, 'observations'>,
  log: Log,
): Promise<Velocity> {
  if (redisUrl !== null)
    return redisVelocity(redisUrl, {
      onError: (error) => log.warn('Redis is away; assessments go without history', { error }),
    });
  const velocity = await keptVelocity(memoryVelocity(), observations, {
    progress: (count, seconds, done) =>
      log.info(done ? 'histories are read back' : 'histories are being read back', {
        count,
        duration_ms: Math.round(seconds * secondMs),
      }),
    failed: (what, error) =>
      log.error(
        what === 'read'
          ? 'histories cannot be read back yet'
          : 'observations were not kept; counts may be lower after a restart',
        { error },
      ),
  });
  await Promise.race([velocity.warm, sleep(patienceMs, undefined, { ref: false })]);
  return velocity;
}
