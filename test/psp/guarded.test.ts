import { afterEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { admit, breakerDefault, circuit, closedBreaker, noted, type Breaker } from '../../src/psp/breaker.ts';
import { guard, stripeRate } from '../../src/psp/guarded.ts';
import { fullBucket, take } from '../../src/psp/limiter.ts';
import { startStripeSandbox } from '../../src/sandbox/stripe/server.ts';
import { createStripePsp } from '../../src/psp/stripe/stripe.ts';
import { newId, subjectOf, timeoutMs } from './stand.ts';

describe('the limiter', () => {
  test('lets no more than its burst and its rate through, whatever the arrivals', () => {
    const rate = { perSecond: 25, burst: 10 };
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 200 }), (gaps) => {
        let at = 0;
        let bucket = fullBucket(rate, at);
        const starts: number[] = [];
        for (const gap of gaps) {
          at += gap;
          const next = take(bucket, rate, at);
          bucket = next.after;
          starts.push(at + next.waitMs);
        }
        for (const from of starts) {
          const within = starts.filter((start) => start >= from && start < from + 1_000).length;
          expect(within).toBeLessThanOrEqual(rate.burst + rate.perSecond + 1);
        }
      }),
    );
  });

  test('is not fooled by a clock that jumps back', () => {
    const rate = { perSecond: 1, burst: 1 };
    const first = take(fullBucket(rate, 600_000), rate, 600_000);
    expect(first.waitMs).toBe(0);
    expect(take(first.after, rate, 0).waitMs).toBe(1_000);
  });
});

describe('the breaker', () => {
  const rules = { calls: 4, share: 0.5, openForMs: 1_000 };
  const after = (answers: readonly boolean[], at = 0): Breaker =>
    answers.reduce<Breaker>((breaker, answered) => noted(breaker, rules, answered, at), closedBreaker);

  test('opens when the share of unanswered exchanges is reached, not before', () => {
    expect(after([false, false, false]).state).toBe('closed');
    expect(after([true, true, true, false]).state).toBe('closed');
    expect(after([true, true, false, false]).state).toBe('open');
  });

  test('lets one call through after a while, and closes when that is answered', () => {
    const open = after([false, false, false, false]);
    expect(admit(open, rules, 999).admitted).toBe(false);
    const probe = admit(open, rules, 1_000);
    expect(probe).toMatchObject({ admitted: true, after: { state: 'probing' } });
    expect(admit(probe.after, rules, 1_001).admitted).toBe(false);
    expect(noted(probe.after, rules, true, 1_100).state).toBe('closed');
    expect(noted(probe.after, rules, false, 1_100)).toEqual({ state: 'open', until: 2_100 });
    // A probe that nobody hears of again does not keep it shut for ever.
    expect(admit(probe.after, rules, 2_000).admitted).toBe(true);
  });
});

const standIns: { close: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const standIn of standIns.splice(0)) await standIn.close();
});

async function startStandIn(port = 0) {
  const sandbox = await startStripeSandbox({ port });
  standIns.push(sandbox);
  return sandbox;
}

describe('a guarded account', () => {
  const config = { account: 'main', secretKey: `sk_test_${newId('key')}`, webhookSecrets: [], timeoutMs };

  test('holds back what would wait too long, and says it was not sent', async () => {
    const sandbox = await startStandIn();
    const pauses: number[] = [];
    const psp = guard(createStripePsp({ ...config, baseUrl: sandbox.url, clock: Date.now }), {
      limits: { each: stripeRate, authorize: { perSecond: 1, burst: 2 } },
      waitMsMax: 3_000,
      circuit: circuit(Date.now),
      clock: () => 0,
      pause: (ms) => Promise.resolve(void pauses.push(ms)),
    });
    const subjects = Array.from({ length: 6 }, () => subjectOf({ method: 'pm_card_visa' }));
    const outcomes = await Promise.all(
      subjects.map((subject) => psp.authorize({ ...subject, attempt: { ...subject.attempt, createdAt: 0 } })),
    );
    // A createdAt of 1970 is old for the adapter's own clock, so what is let through is asked about: not sent, for sure.
    expect(pauses).toEqual([1_000, 2_000, 3_000]);
    expect(outcomes[5]).toEqual({ kind: 'not_sent', cause: 'more than 1 calls a second' });
  });

  test('is left alone while it does not answer, and a question then stays unknown', async () => {
    let now = Date.now();
    const clock = () => now;
    const breaker = circuit(clock, { ...breakerDefault, calls: 3 });
    const sandbox = await startStandIn();
    const { port } = new URL(sandbox.url);
    await sandbox.close();
    const psp = guard(createStripePsp({ ...config, baseUrl: sandbox.url, clock, heard: breaker.heard }), {
      limits: { each: stripeRate },
      waitMsMax: 0,
      circuit: breaker,
      clock,
    });
    const subject = subjectOf({ method: 'pm_card_visa' });
    for (let call = 0; call < 3; call += 1) expect((await psp.authorize(subject)).kind).toBe('not_sent');
    const open = 'the PSP does not answer: the circuit is open';
    expect(await psp.authorize(subject)).toEqual({ kind: 'not_sent', cause: open });
    expect(await psp.ask(subject)).toEqual({ kind: 'unknown', cause: open });
    // A worker resumes: it cannot know that nobody called before.
    const old = { ...subject, attempt: { ...subject.attempt, createdAt: now - 60_000 } };
    expect((await psp.authorize(old)).kind).toBe('unknown');

    await startStandIn(Number(port));
    now += breakerDefault.openForMs;
    expect((await psp.authorize(subject)).kind).toBe('authorized');
    expect((await psp.authorize(subjectOf({ method: 'pm_card_visa' }))).kind).toBe('authorized');
  });

  test('is not closed by buyers who send rubbish', async () => {
    const sandbox = await startStandIn();
    const breaker = circuit(Date.now, { ...breakerDefault, calls: 3 });
    const psp = guard(
      createStripePsp({ ...config, baseUrl: sandbox.url, clock: Date.now, heard: breaker.heard }),
      { limits: { each: stripeRate }, waitMsMax: 0, circuit: breaker, clock: Date.now },
    );
    for (let call = 0; call < 10; call += 1) {
      expect((await psp.authorize(subjectOf({ method: 'pm_rubbish' }))).kind).toBe('not_sent');
    }
    expect((await psp.authorize(subjectOf({ method: 'pm_card_visa' }))).kind).toBe('authorized');
  });
});
