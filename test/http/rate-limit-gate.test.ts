import { describe, expect, test } from '@jest/globals';
import { type ChallengeProvider, type Proof, onceInMemory } from '../../src/http/challenge/challenge.ts';
import { attackSwitch, sliceMs, type AttackSwitch } from '../../src/http/rate-limit/attack-switch.ts';
import { makeGate, type Entry, type Gate } from '../../src/http/rate-limit/gate.ts';
import { readLimits } from '../../src/http/rate-limit/limits.ts';
import { rateLimiter, type Visit } from '../../src/http/rate-limit/rate-limiter.ts';
import { memoryStore } from '../../src/http/rate-limit/store.ts';

const file = `
limits:
  - { id: cards-per-address, by: address, calls: [confirm], allow: 20, window: 1m, cost: { call: 1, failure: 5 } }
  - { id: under-attack, by: merchant, calls: [confirm], allow: 1000, window: 1m, answer: challenge, strict: { allow: 0 } }
`;

/** A provider whose right answer is "right"; it stands for a person, a bot, and a service that is away. */
let verified = 0;
const provider: ChallengeProvider = {
  name: 'proof_of_work',
  create: () => Promise.resolve({}),
  verify: (solution) => {
    verified += 1;
    return Promise.resolve(
      solution === 'right'
        ? { ok: true }
        : { ok: false, code: solution === 'away' ? 'unavailable' : 'challenge_failed', detail: 'No.' },
    );
  },
};

const proof: Proof = { purpose: 'confirm', subject: 'chk_1', holder: 'key', address: '192.0.2.1' };
const from = (address: string): Visit => ({
  call: 'confirm',
  caller: 'publishable',
  keys: { merchant: 'mer_1', address, card: `card ${address}` },
});

function open(): {
  gate: Gate;
  attacks: AttackSwitch;
  enter: (visit: Visit, solution?: string) => Promise<Entry>;
  attack: () => void;
  pass: (ms: number) => void;
} {
  const read = readLimits(file);
  if (!read.ok) throw new Error(read.mistakes.join());
  let now = 0;
  const attacks = attackSwitch({ now: () => now, onChange: () => undefined });
  const gate = makeGate({
    once: onceInMemory(),
    limiter: rateLimiter({ limits: read.limits, store: memoryStore({ now: () => now }) }),
    attacks,
    provider,
  });
  const attack = (): void => {
    for (let at = 0; at < 100; at += 1) attacks.note('mer_1', 'declined');
    attacks.tick();
  };
  return {
    gate,
    attacks,
    enter: (visit, solution) => gate.enter(visit, solution === undefined ? undefined : { solution, proof }),
    attack,
    pass: (ms) => void (now += ms),
  };
}

const codeOf = (entry: Entry): string => (entry.ok ? 'entered' : entry.problem.code);

describe('the gate', () => {
  test('lets a buyer in, with the state of the nearest limit', async () => {
    expect(await open().enter(from('a'))).toMatchObject({
      ok: true,
      headers: { ratelimit: '"cards-per-address";r=19;t=60' },
    });
  });

  test('refuses an address after its cards were declined', async () => {
    const { gate, enter } = open();
    for (let at = 0; at < 4; at += 1) {
      expect(codeOf(await enter(from('a')))).toBe('entered');
      await gate.leave(from('a'), { became: 'declined' });
    }
    expect(codeOf(await enter(from('a')))).toBe('quota_exceeded');
    expect(codeOf(await enter(from('b')))).toBe('entered');
  });

  test('takes a payment that looks like fraud for five calls, although it was approved', async () => {
    const { gate, enter } = open();
    const entries: boolean[] = [];
    for (let at = 0; at < 5; at += 1) {
      entries.push((await enter(from('a'))).ok);
      await gate.leave(from('a'), { became: 'approved', score: 1 });
    }
    expect(entries).toEqual([true, true, true, true, false]);
    expect((await enter(from('b'))).ok).toBe(true);
  });

  test('asks everybody for a challenge under attack, and lets in who solves it', async () => {
    const { enter, attack } = open();
    attack();
    expect(codeOf(await enter(from('a')))).toBe('challenge_required');
    expect(codeOf(await enter(from('a'), 'wrong'))).not.toBe('entered');
    expect(codeOf(await enter(from('a'), 'right'))).toBe('entered');
  });

  test('does not let a solution buy more than a limit that refuses', async () => {
    const { enter } = open();
    for (let at = 0; at < 20; at += 1) await enter(from('a'), 'right');
    expect(codeOf(await enter(from('a'), 'right'))).toBe('quota_exceeded');
  });

  test('limits the guessing of solutions', async () => {
    const { enter } = open();
    const codes = [];
    for (let at = 0; at < 5; at += 1) codes.push(codeOf(await enter(from('a'), 'wrong')));
    expect(codes).toEqual([...Array.from({ length: 4 }, () => 'challenge_failed'), 'quota_exceeded']);
  });

  test('does not look at the solutions of whoever is over a limit', async () => {
    const { enter } = open();
    for (let at = 0; at < 5; at += 1) await enter(from('a'), 'wrong');
    const before = verified;
    for (let at = 0; at < 5; at += 1) await enter(from('a'), 'wrong');
    expect(verified).toBe(before);
  });

  test('does not take an assessment for a card that was approved', async () => {
    const { gate, attacks } = open();
    for (let at = 0; at < 30; at += 1) {
      await gate.leave(from(`x${at}`), { became: 'assessed' });
      await gate.leave(from(`x${at}`), { became: 'declined' });
    }
    attacks.tick();
    expect(attacks.profileOf('mer_1')).toBe('strict');
  });

  test('lets nobody in while the provider is away, and blames nobody', async () => {
    const { enter } = open();
    for (let at = 0; at < 10; at += 1) expect(codeOf(await enter(from('a'), 'away'))).toBe('unavailable');
    expect(codeOf(await enter(from('a')))).toBe('entered');
  });

  test('turns the shop strict by what it hears of attempts, and of challenges that nobody solved', async () => {
    const { gate, attacks, enter, pass } = open();
    for (let at = 0; at < 30; at += 1) await gate.leave(from(`x${at}`), { became: 'declined' });
    attacks.tick();
    expect(attacks.profileOf('mer_1')).toBe('strict');
    for (let slice = 0; slice < 360; slice += 1) {
      for (let at = 0; at < 5; at += 1) await enter(from(`y${at}`));
      pass(sliceMs);
      attacks.tick();
    }
    expect(attacks.profileOf('mer_1')).toBe('strict');
  });
});
