import { describe } from '@jest/globals';

/** The real Redis of this run, or null when there is none. Suites share it: each uses keys of its own. */
export const redisUrl: string | null = process.env['TILLGATE_TEST_REDIS_URL'] ?? null;

/** A suite that needs Redis. Without one it is skipped, by name and with the reason. */
export function describeWithRedis(name: string, suite: (url: string) => void): void {
  if (redisUrl !== null) describe(name, () => suite(redisUrl));
  else
    describe.skip(`${name} (no Redis: ${process.env['TILLGATE_TEST_REDIS_ABSENT'] ?? 'not set up'})`, () =>
      suite(''));
}
