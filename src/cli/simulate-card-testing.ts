import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type End, type Shop, type Shopper, shop } from './card-testing/shoppers.ts';
import { startChildService } from './child-service.ts';
import { openStage } from './stage.ts';

/**
 * Lets card testers loose on a real service, while buyers go on paying, in real time: what becomes of the testers' tries
 * after the first minute, and how many buyers are turned away. One scenario after the other, each with a service and a
 * stand-in PSP of its own. Ends with 1 when more than 5 % of the tries still reach the PSP, or more than 0.5 % of the
 * buyers are refused.
 */
const { values } = parseArgs({
  options: { 'warm-s': { type: 'string', default: '20' }, 'attack-s': { type: 'string', default: '120' } },
});
const warmS = Number(values['warm-s']);
const attackS = Number(values['attack-s']);
/** What the product promises: within a minute the testers are held off. */
const graceS = 60;

let made = 0;
const random = (below: number): number => Math.floor(Math.random() * below);
/** Blocks of two large consumer networks. */
const homeAddress = (): string =>
  `${random(2) === 0 ? 84 : 87}.${128 + random(60)}.${random(256)}.${1 + random(254)}`;

function buyer(): Shopper {
  made += 1;
  const declined = random(100) < 8;
  return {
    address: homeAddress(),
    card: `good-${made}`,
    bin: String(400_000 + random(400)),
    token: declined ? 'pm_card_chargeDeclinedInsufficientFunds' : 'pm_card_visa',
    amount: 1_500 + random(9_000),
    email: `buyer-${made}@mail.example`,
    solves: true,
    patient: true,
  };
}

function tester(address: string, bin: string, solves: boolean): Shopper {
  made += 1;
  return {
    address,
    card: `bad-${made}`,
    bin,
    token: made % 20 === 0 ? 'pm_card_visa' : 'pm_card_chargeDeclined',
    amount: 100,
    email: `t${made}@mail.example`,
    solves,
    patient: false,
  };
}

const farm = Array.from({ length: 1_000 }, homeAddress);
const bins = (): string => String(510_000 + random(40_000));

/** Who attacks, and how often in a second. */
const scenarios: Readonly<Record<string, { readonly perSecond: number; readonly next: () => Shopper }>> = {
  'one address, many cards': { perSecond: 12, next: () => tester('203.0.113.5', bins(), false) },
  'one bank, ever new addresses, challenges solved': {
    perSecond: 8,
    next: () => tester(homeAddress(), '411111', true),
  },
  'a thousand addresses, slowly': {
    perSecond: 4,
    next: () => tester(farm[random(farm.length)] ?? '', bins(), false),
  },
};

type Count = Record<End, number> & { tried: number };
const none = (): Count => ({ tried: 0, asked: 0, challenged: 0, limited: 0, blocked: 0, shed: 0, broken: 0 });

type Outcome = {
  readonly scenario: string;
  readonly tried: number;
  readonly asked: number;
  readonly tried_after_60s: number;
  readonly asked_after_60s: number;
  readonly cut: number;
  readonly buyers: number;
  readonly buyers_refused: number;
};

async function play(scenario: string): Promise<Outcome> {
  const { perSecond, next } = scenarios[scenario] ?? { perSecond: 0, next: buyer };
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
  const send = (shopper: Shopper, count: Count): void => {
    const run = shop(place, shopper)
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
      send(buyer(), good);
      if (second % 2 === 0) send(buyer(), good);
      for (let at = 0; second >= warmS && at < perSecond; at += 1) {
        send(next(), second >= warmS + graceS ? late : early);
      }
      if (process.stderr.isTTY) process.stderr.write(`\r${scenario}: ${second}/${seconds} s `);
      await sleep(Math.max(0, began + (second + 1) * 1_000 - Date.now()));
    }
    await Promise.all(running);
  } finally {
    await service.stop();
    await stage.close();
  }
  console.error(
    `\r${scenario}: testers ${JSON.stringify(late)} after ${graceS} s, buyers ${JSON.stringify(good)}`,
  );
  return {
    scenario,
    tried: early.tried + late.tried,
    asked: early.asked + late.asked,
    tried_after_60s: late.tried,
    asked_after_60s: late.asked,
    cut: 1 - late.asked / Math.max(1, late.tried),
    buyers: good.tried,
    buyers_refused: good.tried - good.asked,
  };
}

const outcomes: Outcome[] = [];
for (const scenario of Object.keys(scenarios)) outcomes.push(await play(scenario));
const buyers = outcomes.reduce((sum, each) => sum + each.buyers, 0);
const refused = outcomes.reduce((sum, each) => sum + each.buyers_refused, 0);
const cutMin = Math.min(...outcomes.map(({ cut }) => cut));
const share = refused / buyers;
console.log(JSON.stringify({ scenarios: outcomes, cut_min: cutMin, buyers, buyers_refused_share: share }));
process.exitCode = cutMin >= 0.95 && share <= 0.005 ? 0 : 1;
