import { dayMs, hourMs, minuteMs, secondMs } from '../../kernel/instant.ts';
import { eachRow, purchaseRounds } from '../../workers/rounds.ts';
import { visit } from './acts.ts';
import { openClient } from './client.ts';
import { afterwards, post } from './psp-news.ts';
import type { Server } from './service.ts';
import type { World } from './world.ts';

/** A process dies after this share of the steps: about once for every three checkouts. */
const deathShare = 0.003;
const clocksLieMs = 10 * minuteMs;
/** A day takes some 5,000 steps. Flows that repeat themselves for ever must not keep the simulation. */
const stepsMax = 40_000;
/** A worker that finds nothing looks more and more seldom, or a buyer who sleeps a week would cost a thousand looks. */
const restMsMax = 3 * hourMs;

/** When the workers look once the visits are over: as often as the store pushes its questions back, and then some. */
const settlingMs = [
  minuteMs,
  minuteMs,
  5 * minuteMs,
  20 * minuteMs,
  hourMs,
  hourMs,
  dayMs,
  dayMs,
  minuteMs,
  minuteMs,
];

/** Some visits that meet each other on a bad day, and good days until everything has come to its end. */
export async function playDay(
  world: World,
  visits: number,
  counts: { steps: number; deaths: number },
  isEnough: () => boolean,
): Promise<void> {
  const { random, steps, standIns, fleet, sky } = world;
  const shop = { world, random, client: openClient(world) };
  let open = visits;

  const unfold = async (): Promise<void> => {
    for (let count = 0; !isEnough() && (await steps.step()); count += 1) {
      counts.steps += 1;
      for (const letter of standIns.letters()) void post(world, letter);
      if (open > 0 && random.chance(deathShare)) {
        fleet.die();
        counts.deaths += 1;
      }
      if (count > stepsMax) world.blame('I9', 'somebody goes on for ever');
    }
  };

  sky.is = 'bad';
  for (let each = 0; each < visits; each += 1)
    void steps.sleep(random.between(0, hourMs)).then(async () => {
      const view = await visit(shop);
      open -= 1;
      if (view !== null) await afterwards(world, view);
    });
  void (async () => {
    for (let restMs = minuteMs; open > 0;) {
      await steps.sleep(random.between(secondMs, restMs));
      restMs = (await work(world, fleet.any())) > 0 ? minuteMs : Math.min(restMs * 2, restMsMax);
    }
  })();
  void (async () => {
    while (open > 0) {
      await steps.sleep(random.between(5 * minuteMs, hourMs));
      fleet.any().skewMs = random.chance(0.5) ? 0 : random.between(-clocksLieMs, clocksLieMs);
    }
    for (const server of fleet.all()) server.skewMs = 0;
  })();
  await unfold();

  sky.is = 'good';
  standIns.settle();
  for (const ms of settlingMs) {
    let found = 1;
    for (let restMs = ms; found > 0 && !isEnough(); restMs = secondMs) {
      found = 0;
      void steps.sleep(restMs).then(async () => {
        found = await work(world, fleet.any());
      });
      await unfold();
    }
  }
}

/** One round of every worker in one process. Answers how much they found. */
async function work({ steps, blame }: World, { process, deps }: Server): Promise<number> {
  const fail = (worker: string, error: unknown) => blame('I9', `${worker}: ${String(error)}`);
  let found = 0;
  for (const round of purchaseRounds(
    deps,
    eachRow(() => deps, fail),
  )) {
    try {
      found += (await steps.run(process, round.work)) ?? 0;
    } catch (error) {
      fail(round.name, error);
    }
  }
  return found;
}
