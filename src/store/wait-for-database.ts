import { setTimeout as sleep } from 'node:timers/promises';
import { secondMs } from '../kernel/instant.ts';
import { openDatabase } from './database.ts';
import { StoreFault } from './fault.ts';
import { sql } from './sql.ts';

const oftenMs = 250;

/**
 * Waits for a database that is still starting or recovers from a crash: service and database often start together. What
 * will not pass, such as a wrong password, is a fault at once; so is what has not passed after `patienceMs`.
 *
 * `waiting` is told once, with the reason, when there is something to wait for.
 */
export async function waitForDatabase(
  url: string,
  patienceMs: number,
  waiting: (reason: string) => void = () => undefined,
): Promise<void> {
  const database = openDatabase({
    url,
    poolMax: 1,
    statementTimeoutMs: 5 * secondMs,
    connectTimeoutMs: 5 * secondMs,
    onIdleFault: () => undefined,
  });
  const end = performance.now() + patienceMs;
  let told = false;
  try {
    for (;;) {
      try {
        await database.rows(sql`select 1`);
        return;
      } catch (error) {
        if (!(error instanceof StoreFault && error.passing) || performance.now() > end) throw error;
        if (!told) waiting(error.message);
        told = true;
        await sleep(oftenMs);
      }
    }
  } finally {
    await database.close();
  }
}
