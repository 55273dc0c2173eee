import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { networkOf } from '../../src/http/edge/address.ts';
import { attackSwitch, sliceMs } from '../../src/http/rate-limit/attack-switch.ts';
import { readLimits, type Limit } from '../../src/http/rate-limit/limits.ts';
import { rateLimiter, type Visit } from '../../src/http/rate-limit/rate-limiter.ts';
import { memoryStore } from '../../src/http/rate-limit/store.ts';

const read = readLimits(readFileSync(new URL('../../policies/limits.yaml', import.meta.url), 'utf8'));
const limits: readonly Limit[] = read.ok ? read.limits : [];

type Attempt = {
  readonly address: string;
  readonly card: string;
  readonly bin: string;
  readonly declined: boolean;
};
type Outcome = { tried: number; reachedPsp: number; reachedPspAfterMinute: number; triedAfterMinute: number };

/**
 * Plays ten minutes in virtual time: good buyers at one a second, who solve what they are asked, and testers, who do
 * not. `attack` says what the testers send in a second.
 */
async function simulate(
  attack: () => readonly Attempt[],
  testersSolve = false,
): Promise<{ good: Outcome; bad: Outcome }> {
  let now = 0;
  let seed = 11;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  const limiter = rateLimiter({ limits, store: memoryStore({ now: () => now }) });
  const attacks = attackSwitch({ now: () => now, onChange: () => undefined });
  const good: Outcome = { tried: 0, reachedPsp: 0, reachedPspAfterMinute: 0, triedAfterMinute: 0 };
  const bad: Outcome = { ...good };
  const start = 120;

  const attempt = async (given: Attempt, outcome: Outcome, solves: boolean, late: boolean): Promise<void> => {
    outcome.tried += 1;
    if (late) outcome.triedAfterMinute += 1;
    const { address, card, bin } = given;
    const visit: Visit = {
      call: 'confirm',
      caller: 'publishable',
      profile: attacks.profileOf('mer_1'),
      keys: { merchant: 'mer_1', publishable_key: 'pk', address, network: networkOf(address), card, bin },
    };
    let verdict = await limiter.consume(visit);
    if (!verdict.ok && verdict.answer === 'challenge') {
      attacks.note('mer_1', 'challenged', card);
      if (!solves) return;
      verdict = await limiter.consume({ ...visit, challengeSolved: true });
    }
    if (!verdict.ok) {
      attacks.note('mer_1', 'refused', card);
      return;
    }
    outcome.reachedPsp += 1;
    if (late) outcome.reachedPspAfterMinute += 1;
    attacks.note('mer_1', given.declined ? 'declined' : 'approved', card);
    if (given.declined) await limiter.settle(visit, { failed: true });
  };

  for (let second = 0; second < start + 600; second += 1) {
    now = second * 1_000;
    const late = second >= start + 60;
    const buyer = random(2_000);
    const address = `198.51.${buyer % 250}.${1 + Math.floor(buyer / 250)}`;
    const bin = `4${10_000 + random(200)}`;
    await attempt({ address, card: `good ${buyer}`, bin, declined: random(100) < 8 }, good, true, late);
    if (second >= start) for (const each of attack()) await attempt(each, bad, testersSolve, late);
    if ((now + 1_000) % sliceMs === 0) attacks.tick();
  }
  return { good, bad };
}

function expectHeldOff({ good, bad }: { good: Outcome; bad: Outcome }): void {
  expect(bad.triedAfterMinute).toBeGreaterThan(500);
  expect(bad.reachedPspAfterMinute / bad.triedAfterMinute).toBeLessThanOrEqual(0.05);
  expect(1 - good.reachedPsp / good.tried).toBeLessThanOrEqual(0.005);
}

describe('card testing is held off within a minute, and good buyers go on paying', () => {
  const declinedMostly = (at: number): boolean => at % 20 !== 0;

  test('from one address over many cards [F10.1]', async () => {
    let card = 0;
    const attack = (): Attempt[] =>
      Array.from({ length: 17 }, () => ({
        address: '203.0.113.5',
        card: `bad ${card++}`,
        bin: `5${card % 10_000}`,
        declined: declinedMostly(card),
      }));
    expectHeldOff(await simulate(attack));
  });

  test.each([false, true])(
    'on one BIN from ever new addresses (testers solve challenges: %p) [F10.2]',
    async (solve) => {
      let card = 0;
      const attack = (): Attempt[] =>
        Array.from({ length: 17 }, () => {
          card += 1;
          return {
            address: `100.${64 + (card % 60)}.${card % 251}.${card % 241}`,
            card: `bad ${card}`,
            bin: '411111',
            declined: declinedMostly(card),
          };
        });
      expectHeldOff(await simulate(attack, solve));
    },
  );

  test('from 1,000 addresses at a low rate, each card of another bank [F10.3]', async () => {
    let card = 0;
    const attack = (): Attempt[] =>
      Array.from({ length: 4 }, () => {
        card += 1;
        const from = card % 1_000;
        return {
          address: `100.${64 + (from % 50)}.${from % 200}.${1 + (from % 7)}`,
          card: `bad ${card}`,
          bin: `5${10_000 + (card % 5_000)}`,
          declined: declinedMostly(card),
        };
      });
    expectHeldOff(await simulate(attack));
  });
});
