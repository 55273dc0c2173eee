import { describe, expect, test } from '@jest/globals';
import type { Assessment } from '../../src/domain/risk/assessment.ts';
import { minuteMs } from '../../src/kernel/instant.ts';
import { money, type Currency } from '../../src/kernel/money.ts';
import { createRisk } from '../../src/risk/assess.ts';
import type { Generation } from '../../src/risk/generation.ts';
import { replayAssessment } from '../../src/risk/replay-assessment.ts';
import { storedDeciders } from '../../src/risk/stored-deciders.ts';
import { at, checkout, deciding, generation, hash, partsWith, question, signals } from './given.ts';

describe('a stored assessment', () => {
  const stored = (assessment: Assessment): Assessment => JSON.parse(JSON.stringify(assessment)) as Assessment;

  test('replays bit for bit, whatever it was made of', async () => {
    const challengers = [{ name: 'rules-only', policy: checkout.policy, model: null }];
    const withChallenger = deciding({ challengers });
    const risk = createRisk(partsWith(withChallenger));
    for (let order = 0; order < 6; order += 1) {
      const total = money(BigInt(1_999 + order * 31_337), 'EUR' as Currency);
      const now = at + order * minuteMs;
      const asked = { ...question, at: now, signals: { ...signals, order: { total, itemCount: order + 1 } } };
      const assessment = stored(await risk.assess(asked));
      const replay = await replayAssessment(assessment, {
        deciders: { ...checkout, challengers },
        featuresHash: hash,
      });
      expect(replay).toEqual({ replayed: 'same' });
      risk.observe({
        merchantId: 'mer_1',
        at: now,
        signals: asked.signals,
        what: 'attempted',
        event: 'checkout',
      });
    }
  });

  test('replays across a change of the model, while the one of then still lies among the models', async () => {
    const assessment = stored(await createRisk(partsWith()).assess(question));
    const old = checkout.model!;
    const young = {
      ...old,
      hash: 'f'.repeat(64),
      score: () => Promise.resolve({ logOdds: 0, probability: 0.5 }),
    };
    const changed = (models: readonly (readonly [string, typeof old])[]): Generation => ({
      ...generation,
      models: new Map(models),
      deciders: new Map([...generation.deciders, ['checkout', { ...checkout, model: young }]]),
    });
    const replay = async (now: Generation) =>
      replayAssessment(assessment, {
        deciders: await storedDeciders(assessment, now, () => Promise.resolve(null)),
        featuresHash: hash,
      });
    const kept = changed([
      ['checkout-1', young],
      ['checkout-1-until-march', old],
    ]);
    expect(await replay(kept)).toEqual({ replayed: 'same' });
    expect(await replay(changed([['checkout-1', young]]))).toEqual({
      replayed: 'not_possible',
      because: `its model is ${old.hash}`,
    });
  });

  test('replays when the model failed at the time', async () => {
    const broken = deciding({ model: { ...checkout.model!, score: () => Promise.reject(new Error('NaN')) } });
    const assessment = stored(await createRisk(partsWith(broken)).assess(question));
    expect(await replayAssessment(assessment, { deciders: checkout, featuresHash: hash })).toEqual({
      replayed: 'same',
    });
  });

  test('replays though its reasons are worded differently now, and not with other reasons', async () => {
    const assessment = stored(await createRisk(partsWith()).assess(question));
    const replay = (change: object) =>
      replayAssessment(
        { ...assessment, reasons: assessment.reasons.map((reason) => ({ ...reason, ...change })) },
        { deciders: checkout, featuresHash: hash },
      );
    expect(assessment.reasons).not.toHaveLength(0);
    expect(await replay({ text: 'Other words' })).toEqual({ replayed: 'same' });
    expect(await replay({ code: 'other.code' })).toMatchObject({ replayed: 'differs', in: ['reasons'] });
    expect(await replay({ contribution: 0.5 })).toMatchObject({ replayed: 'differs', in: ['reasons'] });
  });

  test('that was tampered with does not come out the same', async () => {
    const assessment = stored(await createRisk(partsWith()).assess(question));
    const replay = (changes: Partial<Assessment>) =>
      replayAssessment({ ...assessment, ...changes }, { deciders: checkout, featuresHash: hash });
    expect(await replay({ score: assessment.score! + 1e-12 })).toMatchObject({
      replayed: 'differs',
      in: ['score'],
    });
    expect(await replay({ decision: 'block' })).toMatchObject({ replayed: 'differs', in: ['decision'] });
    expect(await replay({ features: { ...assessment.features, 'email.known_frauds': 3 } })).toMatchObject({
      replayed: 'differs',
    });
  });

  test('of another policy, model or feature library is not replayed at all', async () => {
    const assessment = stored(await createRisk(partsWith()).assess(question));
    const replay = (versions: Partial<Assessment['versions']>) =>
      replayAssessment(
        { ...assessment, versions: { ...assessment.versions, ...versions } },
        { deciders: checkout, featuresHash: hash },
      );
    for (const other of [{ policy: 'x' }, { model: 'x' }, { features: 'x' }])
      expect(await replay(other)).toMatchObject({ replayed: 'not_possible' });
  });
});
