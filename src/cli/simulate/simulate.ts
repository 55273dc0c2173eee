import type { Deps } from '../../flows/deps.ts';
import { createMerchant } from '../../flows/create-merchant.ts';
import type { Violation } from '../../invariants/invariants.ts';
import { idFrom } from '../../kernel/ids.ts';
import { openPatiently } from '../../store/database.ts';
import { postgresStore } from '../../store/postgres-store.ts';
import { openBooks } from './books.ts';
import { playDay } from './day.ts';
import { steppedStore } from './gates.ts';
import { interleaving } from './interleaving.ts';
import { randomFrom } from './random.ts';
import { startFleet } from './service.ts';
import { openStandIns } from './stand-ins.ts';
import { auditEnd, digestOf, historiesOf } from './verdict.ts';
import { type Sky, weatherOn } from './weather.ts';
import type { World } from './world.ts';

export type Simulation = {
  /** Of a migrated, empty database. */
  readonly databaseUrl: string;
  readonly seed: string;
  readonly checkouts: number;
  /** What is wrong with the service on purpose; nothing by default. */
  readonly breaks?: (deps: Deps) => Deps;
  readonly progress?: (checkouts: number) => void;
};

export type Simulated = {
  readonly checkouts: number;
  /** It ends with the first. */
  readonly violations: readonly Violation[];
  /** SHA-256 of every purchase with its journal, events, postings and requests. */
  readonly digest: string;
  /** How many calls were made, timers woken, and processes killed. */
  readonly steps: number;
  readonly deaths: number;
  /** What happened last, the oldest first. */
  readonly last: readonly string[];
  /** The journals of the purchases that are wrong. */
  readonly histories: readonly string[];
};

/** A Monday; any will do, as long as it is the same for every run. */
const start = Date.parse('2026-01-05T09:00:00Z');
/** How many visits meet each other before everything has to be settled and is audited. */
const visitsADay = 25;
const lastMax = 60;

/**
 * Plays shops, PSPs and a service whose processes die and whose clocks lie, all from one seed, on the real flows, adapters
 * and PostgreSQL. The same seed does the same things in the same order and ends with the same rows.
 */
export async function simulate({
  databaseUrl,
  seed,
  checkouts,
  breaks = (deps) => deps,
  progress = () => undefined,
}: Simulation): Promise<Simulated> {
  const random = randomFrom(seed);
  const violations: Violation[] = [];
  const last: string[] = [];
  const sky: Sky = { is: 'bad' };
  const note = (who: string, what: string): void => {
    last.push(`${new Date(steps.now()).toISOString()} ${who}: ${what}`);
    if (last.length > lastMax) last.shift();
  };
  const blame = (invariant: string, what: string): void => {
    violations.push({ invariant, checkout: /chk_\w+/.exec(what)?.[0] ?? '', what });
  };
  const steps = interleaving(random, start, ({ name }, what) => note(name, what));
  const books = openBooks(blame);
  const standIns = await openStandIns(random, steps);
  const database = openPatiently(databaseUrl, 2);
  try {
    const real = postgresStore(database);
    const newId: Deps['newId'] = (prefix) => idFrom(prefix, start, random.bytes(10));
    const { id: merchantId } = await createMerchant({ store: real, newId, clock: () => start }, 'simulated');
    await real.events.planMonths(start);
    const store = steppedStore(real, steps, random, books.saved);
    const weather = () => weatherOn(sky.is, random);
    const fleet = startFleet({ random, steps, standIns, store, merchantId, weather, breaks });
    const world: World = { random, steps, merchantId, standIns, fleet, sky, blame, note, told: books.told };

    let done = 0;
    const counts = { steps: 0, deaths: 0 };
    const isEnough = (): boolean => violations.length > 0;
    while (done < checkouts && !isEnough()) {
      const visits = Math.min(visitsADay, checkouts - done);
      await playDay(world, visits, counts, isEnough);
      if (!isEnough()) violations.push(...(await auditEnd(database, world, books)));
      done += visits;
      progress(done);
    }
    const histories = await historiesOf(database, violations);
    return { checkouts: done, violations, digest: await digestOf(database), ...counts, last, histories };
  } finally {
    await database.close();
    await standIns.close();
  }
}
