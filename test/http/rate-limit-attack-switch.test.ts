import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  attackSwitch,
  calm,
  judgeTraffic,
  sliceMs,
  usualBand,
  type AttackState,
  type ProfileChange,
  type Traffic,
} from '../../src/http/rate-limit/attack-switch.ts';

const traffic = (approved: number, declined: number, more: Partial<Traffic> = {}): Traffic => ({
  approved,
  declined,
  refused: 0,
  challenged: 0,
  cards: approved + declined,
  ...more,
});

describe('judging traffic', () => {
  test('a decline ratio within the band is normal, one above it is an attack', () => {
    expect(judgeTraffic(calm, traffic(80, 20), 0).profile).toBe('normal');
    expect(judgeTraffic(calm, traffic(10, 30), 0)).toMatchObject({
      profile: 'strict',
      reason: 'decline_ratio',
    });
  });

  test('too few attempts say nothing', () => {
    expect(judgeTraffic(calm, traffic(1, 18), 0).profile).toBe('normal');
  });

  test('many times the usual cards are an attack, whatever they return', () => {
    const usual: AttackState = { profile: 'normal', usualCards: 20 };
    expect(judgeTraffic(usual, traffic(100, 0), 0).profile).toBe('normal');
    expect(judgeTraffic(usual, traffic(200, 0), 0)).toMatchObject({
      profile: 'strict',
      reason: 'distinct_cards',
    });
    expect(judgeTraffic({ profile: 'normal', usualCards: 2 }, traffic(50, 0), 0).profile).toBe('normal');
  });

  test('a shop returns to normal only after it has been calm long enough without a break', () => {
    let state = judgeTraffic(calm, traffic(0, 100), 0);
    const minutes = (at: number, seen: Traffic): string => {
      state = judgeTraffic(state, seen, at * 60_000);
      return state.profile;
    };
    expect(minutes(1, traffic(90, 5))).toBe('strict');
    expect(minutes(5, traffic(90, 5))).toBe('strict');
    expect(minutes(5.5, traffic(50, 40))).toBe('strict');
    expect(minutes(6, traffic(90, 5))).toBe('strict');
    expect(minutes(10.9, traffic(90, 5))).toBe('strict');
    expect(minutes(11, traffic(90, 5))).toBe('normal');
  });

  test('an attack that the strict profile holds off does not look like calm', () => {
    let state = judgeTraffic(calm, traffic(0, 100), 0);
    for (let minute = 1; minute < 60; minute += 1) {
      state = judgeTraffic(state, traffic(20, 1, { refused: 500 }), minute * 60_000);
    }
    expect(state.profile).toBe('strict');
    for (let minute = 60; minute < 90; minute += 1) {
      state = judgeTraffic(state, traffic(20, 1, { challenged: 500 }), minute * 60_000);
    }
    expect(state.profile).toBe('strict');
  });

  test('challenges that buyers solve do not look like an attack', () => {
    let state = judgeTraffic(calm, traffic(0, 100), 0);
    for (let minute = 1; minute < 10; minute += 1) {
      state = judgeTraffic(state, traffic(100, 5, { challenged: 110 }), minute * 60_000);
    }
    expect(state.profile).toBe('normal');
  });

  test('under attack nothing is learned about what is usual', () => {
    fc.assert(
      fc.property(fc.nat(1_000), fc.nat(1_000), fc.nat(10_000_000), (approved, declined, at) => {
        const before: AttackState = {
          profile: 'strict',
          reason: 'decline_ratio',
          since: 0,
          calmSince: undefined,
          usualCards: 7,
        };
        expect(judgeTraffic(before, traffic(approved, declined), at).usualCards).toBe(7);
      }),
    );
  });
});

describe('the attack switch', () => {
  function shop(): {
    run: (slices: number, each: () => void) => void;
    changes: ProfileChange[];
    it: ReturnType<typeof attackSwitch>;
  } {
    let now = 0;
    const changes: ProfileChange[] = [];
    const it = attackSwitch({ now: () => now, onChange: (change) => void changes.push(change) });
    const run = (slices: number, each: () => void): void => {
      for (let at = 0; at < slices; at += 1) {
        each();
        now += sliceMs;
        it.tick();
      }
    };
    return { run, changes, it };
  }

  test('goes strict within ten seconds of an attack on one shop, leaves the other alone, and comes back', () => {
    const { run, changes, it } = shop();
    let card = 0;
    const good = (): void => {
      for (let at = 0; at < 20; at += 1) {
        it.note('mer_a', at === 0 ? 'declined' : 'approved', `card ${card++}`);
        it.note('mer_b', at === 0 ? 'declined' : 'approved', `card ${card++}`);
      }
    };
    run(30, good);
    expect(changes).toEqual([]);
    run(1, () => {
      good();
      for (let at = 0; at < 200; at += 1) it.note('mer_a', 'declined', `stolen ${card++}`);
    });
    expect(changes).toMatchObject([
      { merchant: 'mer_a', to: { profile: 'strict', reason: 'decline_ratio' } },
    ]);
    expect([it.profileOf('mer_a'), it.profileOf('mer_b')]).toEqual(['strict', 'normal']);
    run(6 + usualBand.calmMs / sliceMs + 1, good);
    expect(changes.map(({ to }) => to.profile)).toEqual(['strict', 'normal']);
  });

  test('does not take the first minute after a start for an attack', () => {
    const { run, changes, it } = shop();
    let card = 0;
    run(60, () => {
      for (let at = 0; at < 300; at += 1)
        it.note('mer_a', at % 10 === 0 ? 'declined' : 'approved', `card ${card++}`);
    });
    expect(changes).toEqual([]);
  });

  test('forgets a shop that has gone quiet', () => {
    const { run, it } = shop();
    it.note('mer_a', 'approved');
    run(20, () => undefined);
    expect(it.stateOf('mer_a')).toBe(calm);
  });
});
