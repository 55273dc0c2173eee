import type { Databases } from './databases.ts';
import { mutants } from './mutants.ts';
import { simulate } from './simulate.ts';

/** Enough for the rarest of them (one needed more than 200); most are found among the first visits. */
const checkoutsMax = 1_000;

/** Plants every mistake in turn. Answers the names of those that nobody noticed. */
export async function findMutants(
  databases: Pick<Databases, 'withDatabase'>,
  seed: string,
  progress: (name: string) => void,
): Promise<readonly string[]> {
  const missed: string[] = [];
  for (const { name, breaks } of mutants) {
    progress(name);
    const { violations } = await databases.withDatabase((databaseUrl) =>
      simulate({ databaseUrl, seed, checkouts: checkoutsMax, breaks }),
    );
    if (violations.length === 0) missed.push(name);
  }
  return missed;
}
