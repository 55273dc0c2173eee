import { setTimeout as sleep } from 'node:timers/promises';
import { type Scenario, type Try, scenarios } from './card-testing/scenarios.ts';
import type { End, Shop } from './card-testing/shoppers.ts';
import { startChildService } from './child-service.ts';
import { openStage } from './stage.ts';
import { readArguments } from './arguments.ts';

/**
 * Lets card testers, a sign-up farm and thieves of passwords loose on a real service, while honest people go on, in real
 * time: what becomes of the bots' tries after the first minute, and how many of the honest are turned away. One scenario
 * after the other, each with a service and a stand-in PSP of its own. Ends with 1 when more than 5 % of the tries still
 * get through, or more than 0.5 % of the honest are refused in any scenario.
 */
const { values } = readArguments({
  options: { 'warm-s': { type: 'string', default: '20' }, 'attack-s': { type: 'string', default: '120' } },
});
const warmS = Number(values['warm-s']);
const attackS = Number(values['attack-s']);
/** What the product promises: within a minute the testers are held off. */
const graceS = 60;

type Count = Record<End, number> & { tried: number };
const none = (): Count => ({ tried: 0, asked: 0, challenged: 0, limited: 0, blocked: 0, shed: 0, broken: 0 });

type Outcome = {
  readonly scenario: string;
  readonly tried: number;
  readonly asked: number;
  readonly tried_after_60s: number;
  readonly asked_after_60s: number;
  readonly cut: number;
  readonly honest: number;
  readonly honest_refused: number;
};

async function play({ name, attacksPerSecond, attack, honest }: Scenario): Promise<Outcome> {
  const stage = await openStage();
  const env = { ...stage.env, TRUSTED_PROXIES: '127.0.0.1', CHALLENGE_ROUNDS: '20' };
  const service = await startChildService(stage.dir, env);
  const place: Shop = {
    api: stage.api,
    secret: stage.keys.secretKey,
    publishable: stage.keys.publishableKey,
  };
  const good = none();
  const early = none();
  const late = none();
  const running = new Set<Promise<void>>();
  const send = (someone: Try, count: Count): void => {
    const run = someone(place)
      .catch((): End => 'broken')
      .then((end) => {
        count.tried += 1;
        count[end] += 1;
      });
    running.add(run);
    void run.finally(() => running.delete(run));
  };
  try {
    const seconds = warmS + attackS;
    const began = Date.now();
    for (let second = 0; second < seconds; second += 1) {
      send(honest(), good);
      if (second % 2 === 0) send(honest(), good);
      for (let at = 0; second >= warmS && at < attacksPerSecond; at += 1) {
        send(attack(), second >= warmS + graceS ? late : early);
      }
      if (process.stderr.isTTY) process.stderr.write(`\r${name}: ${second}/${seconds} s `);
      await sleep(Math.max(0, began + (second + 1) * 1_000 - Date.now()));
    }
    await Promise.all(running);
  } finally {
    await service.stop();
    await stage.close();
  }
  console.error(`\r${name}: after ${graceS} s ${JSON.stringify(late)}, the honest ${JSON.stringify(good)}`);
  return {
    scenario: name,
    tried: early.tried + late.tried,
    asked: early.asked + late.asked,
    tried_after_60s: late.tried,
    asked_after_60s: late.asked,
    cut: 1 - late.asked / Math.max(1, late.tried),
    honest: good.tried,
    honest_refused: good.tried - good.asked,
  };
}

const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;

const outcomes: Outcome[] = [];
for (const scenario of scenarios) outcomes.push(await play(scenario));
const cutMin = Math.min(...outcomes.map(({ cut }) => cut));
const refusedMax = Math.max(...outcomes.map((each) => each.honest_refused / each.honest));
const table = outcomes.map((each) => [
  each.scenario,
  `${each.asked} of ${each.tried}`,
  `${each.asked_after_60s} of ${each.tried_after_60s}`,
  percent(each.cut),
  `${each.honest_refused} of ${each.honest}`,
]);
for (const row of [['scenario', 'through', 'after 60 s', 'cut', 'honest refused'], ...table])
  console.log(row.map((cell, at) => (at === 0 ? cell.padEnd(48) : cell.padStart(14))).join(' '));
console.log(JSON.stringify({ scenarios: outcomes, cut_min: cutMin, honest_refused_max: refusedMax }));
process.exitCode = cutMin >= 0.95 && refusedMax <= 0.005 ? 0 : 1;
