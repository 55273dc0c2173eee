import { randomBytes } from 'node:crypto';
import { openDatabases } from './simulate/databases.ts';
import { findMutants } from './simulate/find-mutants.ts';
import { mutants } from './simulate/mutants.ts';
import { simulate } from './simulate/simulate.ts';
import { readArguments } from './arguments.ts';

/**
 * `npm run simulate [-- --seed S --checkouts N]`: plays shops, PSPs that lie and a service that dies, in virtual time and
 * from one seed, and holds the end against the invariants; then plants mistakes in the service, and each must be noticed.
 * The same seed does the same again.
 */
const { values } = readArguments({
  options: {
    seed: { type: 'string', default: randomBytes(4).toString('hex') },
    checkouts: { type: 'string', default: '500' },
    planted: { type: 'boolean', default: true },
  },
  allowNegative: true,
});
const { seed } = values;
const checkouts = Number(values.checkouts);
const show = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
};

const began = performance.now();
const databases = await openDatabases();
try {
  const { last, histories, violations, ...simulated } = await databases.withDatabase((databaseUrl) =>
    simulate({ databaseUrl, seed, checkouts, progress: (done) => show(`${done}/${checkouts} checkouts`) }),
  );
  const missed = values.planted ? await findMutants(databases, seed, (name) => show(name)) : [];
  show('');
  if (violations.length > 0) for (const line of [...last, ...histories]) console.error(line);
  for (const violation of violations) console.error(JSON.stringify(violation));
  for (const name of missed) console.error(`planted and not found: ${name}`);
  if (violations.length + missed.length > 0)
    console.error(`again: npm run simulate -- --seed ${seed} --checkouts ${checkouts}`);
  const planted = values.planted ? mutants.length : 0;
  console.log(
    JSON.stringify({
      checkouts: simulated.checkouts,
      seconds: Math.round((performance.now() - began) / 100) / 10,
      violations: violations.length,
      seed,
      planted_found: planted - missed.length,
      planted,
      steps: simulated.steps,
      deaths: simulated.deaths,
      digest: simulated.digest,
    }),
  );
  if (violations.length + missed.length > 0) process.exitCode = 1;
} finally {
  await databases.close();
}
