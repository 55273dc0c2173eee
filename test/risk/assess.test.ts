import { describe, expect, test } from '@jest/globals';
import type { Assessment } from '../../src/domain/risk/assessment.ts';
import { featuresOf } from '../../src/domain/risk/features/library.ts';
import { hourMs, minuteMs } from '../../src/kernel/instant.ts';
import { createRisk, type RiskParts } from '../../src/risk/assess.ts';
import type { Model } from '../../src/risk/model/model.ts';
import { replayAssessment } from '../../src/risk/replay-assessment.ts';
import { createEntries, type Counted } from '../../src/risk/policy/entries.ts';
import { memoryVelocity } from '../../src/risk/velocity/memory.ts';
import { VelocityUnavailable } from '../../src/risk/velocity/velocity.ts';
import { at, checkout, deciding, hash, keysOf, partsWith, question, reference, signals } from './given.ts';

const entryOf = (entry: Omit<Counted, 'id' | 'removed'>): Counted => ({
  id: 'ent_1',
  removed: null,
  ...entry,
});
const kinds = (assessment: Assessment): readonly string[] => assessment.reasons.map(({ kind }) => kind);

describe('an assessment', () => {
  test('of an ordinary order is allowed and names score, features, reasons and versions', async () => {
    const assessment = await createRisk(partsWith()).assess(question);
    expect(assessment).toMatchObject({ decision: 'allow', degraded: [], rulesFired: [] });
    expect(assessment.score).toBeGreaterThan(0);
    expect(assessment.score).toBeLessThan(0.3);
    expect(Object.keys(assessment.features)).toEqual(featuresOf('checkout').map(({ name }) => name));
    expect(assessment.features['email.orders_24h']).toBe(0);
    expect(assessment.features['phone.known_frauds']).toBeNull();
    expect(assessment.findings).toMatchObject({
      'order.amount': '5990 EUR',
      'card.country': 'DE',
      'psp.avs': null,
    });
    expect(assessment.versions).toEqual({
      model: checkout.model!.hash,
      policy: checkout.policy.hash,
      features: hash,
      referenceData: { test: '1' },
    });
    expect(kinds(assessment)).toContain('feature');
  });

  test('holds nothing that names a person', async () => {
    const text = JSON.stringify(await createRisk(partsWith()).assess(question));
    for (const secret of ['ann', 'shop.example', 'card-1', 'device-1', '198.51', '10115'])
      expect(text).not.toContain(secret);
  });

  test('of a card tester is refused once the declines are known, and not before', async () => {
    const risk = createRisk(partsWith());
    const decisions: string[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      const tried = { ...signals, card: { ...signals.card, fingerprint: `card-${attempt}` } };
      const now = at + attempt * 1_000;
      const assessment = await risk.assess({ ...question, at: now, signals: tried });
      expect(assessment.features['ip.declines_10m']).toBe(attempt);
      decisions.push(assessment.decision);
      risk.observe({ merchantId: 'mer_1', at: now, signals: tried, what: 'attempted', event: 'checkout' });
      risk.observe({ merchantId: 'mer_1', at: now, signals: tried, what: 'declined', event: 'checkout' });
    }
    expect(decisions.at(0)).toBe('allow');
    expect(decisions.slice(5)).toEqual(['block', 'block', 'block']);
  });

  test('of a known fraud is refused, with the rule first among the reasons', async () => {
    const risk = createRisk(partsWith());
    const past = { merchantId: 'mer_1', at: at - hourMs, signals } as const;
    risk.observe({ ...past, what: 'attempted', event: 'checkout' });
    risk.observe({ ...past, what: 'labelled', fraud: true, happenedAt: past.at });
    const assessment = await risk.assess(question);
    expect(assessment.decision).toBe('block');
    expect(assessment.reasons[0]).toMatchObject({
      kind: 'rule',
      code: 'known-fraud-email',
      decision: 'block',
    });
  });

  test('asks lists by keyed hash, until an entry expires', async () => {
    const key = keysOf('mer_1', signals).mailbox!;
    const entry = entryOf({ what: 'list', name: 'blocked-emails', key, expiresAt: at + minuteMs });
    const risk = createRisk(partsWith({ lists: () => createEntries([entry]) }));
    const [before, after] = [
      await risk.assess(question),
      await risk.assess({ ...question, at: at + minuteMs }),
    ];
    expect([before.decision, before.findings['in_list(blocked-emails, email.address)']]).toEqual([
      'block',
      true,
    ]);
    expect([after.decision, after.findings['in_list(blocked-emails, email.address)']]).toEqual([
      'allow',
      false,
    ]);
  });

  test('with lists that cannot be read cannot evaluate their rules, and says so', async () => {
    const assessment = await createRisk(partsWith({ lists: () => ({ contains: () => undefined }) })).assess(
      question,
    );
    expect(assessment.rulesFailed).toContain('blocked-by-list');
  });

  test('leaves out a rule that is snoozed for this customer', async () => {
    const account = keysOf('mer_1', signals).account!;
    const snooze = entryOf({
      what: 'snooze',
      name: 'many-orders-on-one-email',
      key: account,
      expiresAt: at + hourMs,
    });
    const parts = partsWith({ snoozes: () => createEntries([snooze]) });
    const risk = createRisk(parts);
    for (let order = 1; order < 9; order += 1)
      risk.observe({
        merchantId: 'mer_1',
        at: at - order * minuteMs,
        signals,
        what: 'attempted',
        event: 'checkout',
      });
    const [snoozed, awake] = [
      await risk.assess(question),
      await risk.assess({ ...question, at: at + hourMs }),
    ];
    expect([snoozed.rulesSnoozed, snoozed.rulesFired.includes('many-orders-on-one-email')]).toEqual([
      ['many-orders-on-one-email'],
      false,
    ]);
    expect([awake.rulesSnoozed, awake.rulesFired.includes('many-orders-on-one-email')]).toEqual([[], true]);
  });

  test('records what challengers say and never acts on it', async () => {
    const strict = { ...checkout.policy, otherwise: 'block' as const, hash: 'strict' };
    const parts = partsWith(
      deciding({
        challengers: [
          { name: 'strict', policy: strict, model: checkout.model },
          { name: 'rules-only', policy: checkout.policy, model: null },
        ],
      }),
    );
    const assessment = await createRisk(parts).assess(question);
    expect(assessment.decision).toBe('allow');
    expect(assessment.shadows).toMatchObject([
      { name: 'strict', decision: 'block', score: assessment.score, versions: { policy: 'strict' } },
      { name: 'rules-only', decision: 'allow', score: null, versions: { model: null } },
    ]);
  });
});

describe('a lesser assessment', () => {
  const never = new Promise<never>(() => undefined);

  test.each<[string, () => Partial<RiskParts>, readonly string[]]>([
    [
      'velocity is gone',
      () => ({
        velocity: { ...memoryVelocity(), read: () => Promise.reject(new VelocityUnavailable('gone')) },
      }),
      ['velocity_unavailable'],
    ],
    [
      'velocity is slow',
      () => ({ deadlineMs: 20, velocity: { ...memoryVelocity(), read: () => never } }),
      ['deadline', 'velocity_unavailable'],
    ],
    [
      'the model fails',
      () => deciding({ model: { ...checkout.model!, score: () => Promise.reject(new Error('NaN')) } }),
      ['model_unavailable'],
    ],
    [
      'the model does not answer [F13.4]',
      () => ({ deadlineMs: 20, ...deciding({ model: { ...checkout.model!, score: () => never } }) }),
      ['model_unavailable'],
    ],
  ])('when %s is challenged by rules alone', async (_, changes, degraded) => {
    const parts = partsWith(changes());
    const assessment = await createRisk(parts).assess(question);
    expect(assessment).toMatchObject({ decision: 'challenge', score: null, degraded, exemptions: [] });
    expect(assessment.versions.model).toBeNull();
    expect(kinds(assessment)).toEqual(degraded.map(() => 'degraded'));
    expect(parts.failures).toHaveLength(1);
  });

  test('with a model ten times as slow is the same one, a little later [F13.4]', async () => {
    const slow: Model['score'] = async (row) => {
      for (let before = 0; before < 9; before += 1) await checkout.model!.score(row);
      return checkout.model!.score(row);
    };
    const risk = createRisk(partsWith(deciding({ model: { ...checkout.model!, score: slow } })));
    expect(await risk.assess(question)).toEqual(await createRisk(partsWith()).assess(question));
  });

  test('when the policy itself throws is its stated decision', async () => {
    const rules = checkout.policy.rules.map((rule) => ({
      ...rule,
      when: (): boolean => {
        throw new Error('a bug');
      },
    }));
    const parts = partsWith(deciding({ policy: { ...checkout.policy, rules } }));
    const assessment = await createRisk(parts).assess(question);
    expect(assessment).toMatchObject({ decision: 'challenge', degraded: ['policy_failed'], score: null });
    expect(parts.failures).toEqual(['policy_failed']);
  });

  test('when a challenger throws is the live decision, counted and marked on the challenger alone', async () => {
    const { policy } = checkout;
    const when = (): boolean => {
      throw new Error('a bug');
    };
    const broken = { ...policy, rules: [{ ...policy.rules[0]!, when }] };
    const challengers = [
      { name: 'broken', policy: broken, model: null },
      { name: 'sound', policy, model: null },
    ];
    const parts = partsWith(deciding({ challengers }));
    const { shadows, ...live } = await createRisk(parts).assess(question);
    const { shadows: _, ...alone } = await createRisk(partsWith()).assess(question);
    expect(live).toEqual(alone);
    expect(shadows).toMatchObject([
      { name: 'broken', decision: 'challenge', score: null, rulesFired: [], failed: true },
      { name: 'sound', decision: 'allow' },
    ]);
    expect(shadows[1]).not.toHaveProperty('failed');
    expect(parts.failures).toEqual(['challenger']);
    const replay = await replayAssessment(
      { ...live, shadows },
      { deciders: { ...checkout, challengers }, featuresHash: live.versions.features },
    );
    expect(replay).toMatchObject({ replayed: 'not_possible' });
  });

  test('when reference data is missing asks for proof, is counted, and model and rules still have their say', async () => {
    const parts = partsWith({ reading: { keysOf, reference: { ...reference, missing: ['isbot'] } } });
    const assessment = await createRisk(parts).assess(question);
    expect(assessment).toMatchObject({ decision: 'challenge', degraded: ['reference_data_missing'] });
    expect(assessment.score).not.toBeNull();
    expect(parts.failures).toEqual(['reference_data_missing']);
  });

  test('when reference data is missing is what the policy states for it', async () => {
    const degraded = { ...checkout.policy.degraded, reference_data_missing: 'block' as const };
    const parts = partsWith({
      reading: { keysOf, reference: { ...reference, missing: ['isbot'] } },
      ...deciding({ policy: { ...checkout.policy, degraded } }),
    });
    expect(await createRisk(parts).assess(question)).toMatchObject({
      decision: 'block',
      degraded: ['reference_data_missing'],
    });
  });

  test('when everything fails at once is decided by the severest statement, never allowed', async () => {
    const parts = partsWith({
      reading: { keysOf, reference: { ...reference, missing: ['isbot'] } },
      velocity: { ...memoryVelocity(), read: () => Promise.reject(new VelocityUnavailable('gone')) },
      ...deciding({ model: { ...checkout.model!, score: () => Promise.reject(new Error('NaN')) } }),
    });
    expect(await createRisk(parts).assess(question)).toMatchObject({ decision: 'challenge', score: null });
  });

  test('keeps the names of its entities when the policy itself throws', async () => {
    const rules = [
      {
        ...checkout.policy.rules[0]!,
        when: (): boolean => {
          throw new Error('a bug');
        },
      },
    ];
    const parts = partsWith(deciding({ policy: { ...checkout.policy, rules } }));
    const { entities } = await createRisk(parts).assess(question);
    expect(entities).toEqual(keysOf('mer_1', signals));
  });

  test('still refuses a known fraud by the rules that need no history', async () => {
    const key = keysOf('mer_1', signals).card!;
    const entry = entryOf({ what: 'list', name: 'blocked-cards', key, expiresAt: null });
    const parts = partsWith({
      lists: () => createEntries([entry]),
      velocity: { ...memoryVelocity(), read: () => Promise.reject(new VelocityUnavailable('gone')) },
    });
    expect((await createRisk(parts).assess(question)).decision).toBe('block');
  });

  test('survives an observation that cannot be written', async () => {
    const parts = partsWith({
      velocity: { ...memoryVelocity(), observe: () => Promise.reject(new Error('gone')) },
    });
    createRisk(parts).observe({ merchantId: 'mer_1', at, signals, what: 'attempted', event: 'checkout' });
    await new Promise(setImmediate);
    expect(parts.failures).toEqual(['observation']);
  });
});
