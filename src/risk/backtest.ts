import type { Assessment } from '../domain/risk/assessment.ts';
import { legalDecisions, type Decision } from '../domain/risk/decision.ts';
import { featuresOf } from '../domain/risk/features/library.ts';
import { moneyFrom } from '../domain/risk/policy/condition.ts';
import type { Policy } from '../domain/risk/policy/policy.ts';
import { judge } from '../domain/risk/policy/verdict.ts';
import { evidenceOf } from './evidence.ts';
import { rowOf, type Model } from './model/model.ts';

/** An assessment as it was recorded, with what it turned out to be where that is known. */
export type Recorded = Pick<
  Assessment,
  'id' | 'event' | 'decision' | 'score' | 'features' | 'findings' | 'degraded' | 'rulesSnoozed'
> & { readonly fraud?: boolean | null };

export type Flip = {
  readonly id: string;
  readonly before: Decision;
  readonly after: Decision;
  readonly rules: readonly string[];
  /** Minor units of the order; 0 where there is no money. */
  readonly money: bigint;
  readonly currency: string | null;
  readonly fraud: boolean | null;
};

/** A candidate policy over what was recorded: with its own model, when it names another than the recorded one. */
export type Candidate = { readonly policy: Policy; readonly model: Model | null };

/**
 * What the candidate says to one recorded assessment. The recorded score is kept unless the candidate brings a model; a
 * list that nobody asked at the time has no recorded answer, so rules that ask it cannot be evaluated.
 */
export async function rejudge({ policy, model }: Candidate, recorded: Recorded): Promise<Flip> {
  const features = featuresOf(recorded.event);
  const evidence = evidenceOf(features, recorded.features, recorded.findings);
  const score =
    model === null || recorded.score === null
      ? recorded.score
      : (await model.score(rowOf(model, recorded.features))).probability;
  const verdict = judge(
    policy,
    { ...evidence, score },
    { degraded: recorded.degraded, snoozed: new Set(recorded.rulesSnoozed) },
  );
  const order = moneyFrom(recorded.findings['order.amount']);
  return {
    id: recorded.id,
    before: recorded.decision,
    after: verdict.decision,
    rules: verdict.fired.map((rule) => rule.id),
    money: order?.amount ?? 0n,
    currency: order?.currency ?? null,
    fraud: recorded.fraud ?? null,
  };
}

export type Tally = {
  assessments: number;
  flips: number;
  /** Minor units of the flipped orders, whatever their currency. */
  money_minor: number;
  /** `allow→block`: how many, their money, and how many of them are known to be fraud or good. */
  readonly by: Record<string, { flips: number; money_minor: number; fraud: number; good: number }>;
};

export function emptyTally(): Tally {
  return { assessments: 0, flips: 0, money_minor: 0, by: {} };
}

export function add(tally: Tally, { before, after, money, fraud }: Flip): void {
  tally.assessments += 1;
  if (before === after) return;
  const row = (tally.by[`${before}→${after}`] ??= { flips: 0, money_minor: 0, fraud: 0, good: 0 });
  tally.flips += 1;
  row.flips += 1;
  tally.money_minor += Number(money);
  row.money_minor += Number(money);
  if (fraud === true) row.fraud += 1;
  if (fraud === false) row.good += 1;
}

/** Whether a value read from a file has the parts that a backtest needs. */
export function isRecorded(value: unknown): value is Recorded {
  if (typeof value !== 'object' || value === null) return false;
  const { event, decision, features, findings, degraded, rulesSnoozed } = value as Partial<Recorded>;
  return (
    event !== undefined &&
    event in legalDecisions &&
    decision !== undefined &&
    legalDecisions[event].includes(decision) &&
    typeof features === 'object' &&
    typeof findings === 'object' &&
    Array.isArray(degraded) &&
    Array.isArray(rulesSnoozed)
  );
}
