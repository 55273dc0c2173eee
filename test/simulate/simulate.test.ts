import { expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mutants } from '../../src/cli/simulate/mutants.ts';
import { type Simulation, simulate } from '../../src/cli/simulate/simulate.ts';
import { freshDatabase } from '../harness/database.ts';
import { showFigure } from '../harness/figure.ts';

/** A machine that is busy with other tests needs several times its usual seconds. */
const timeoutMs = 120_000;

async function run(simulation: Omit<Simulation, 'databaseUrl'>) {
  const database = await freshDatabase();
  try {
    return await simulate({ databaseUrl: database.url, ...simulation });
  } finally {
    await database.drop();
  }
}

it(
  'one seed does the same twice, and breaks nothing',
  async () => {
    const first = await run({ seed: 'the same again', checkouts: 20 });
    const second = await run({ seed: 'the same again', checkouts: 20 });
    expect(first).toMatchObject({ checkouts: 20, violations: [] });
    expect(first.deaths).toBeGreaterThan(0);
    expect(second).toEqual(first);
  },
  timeoutMs,
);

it(
  'a seed that nobody chose breaks nothing',
  async () => {
    const seed = randomBytes(4).toString('hex');
    const { violations, histories, steps } = await run({ seed, checkouts: 25 });
    showFigure(`simulate: seed ${seed}, ${steps} steps, ${violations.length} violations`);
    expect({ seed, violations, histories }).toEqual({ seed, violations: [], histories: [] });
  },
  timeoutMs,
);

/** Those that show among the first visits; `npm run simulate` plants all of them. */
it.each(['any body', 'under way', 'whatever is known', 'somebody else was first'])(
  'a planted mistake is noticed: %s',
  async (name) => {
    const mutant = mutants.find((each) => each.name.includes(name));
    if (mutant === undefined) throw new Error(`nobody planted ${name}`);
    const { violations } = await run({ seed: 'x', checkouts: 25, breaks: mutant.breaks });
    expect(violations.length).toBeGreaterThan(0);
  },
  timeoutMs,
);
