import type { Flip, Recorded } from '../domain/risk/backtest.ts';
import { featuresOf } from '../domain/risk/features/library.ts';
import { moneyFrom } from '../domain/risk/policy/condition.ts';
import type { Policy } from '../domain/risk/policy/policy.ts';
import { judge } from '../domain/risk/policy/verdict.ts';
import { canAskModels } from './conclusion.ts';
import { evidenceOf } from './evidence.ts';
import { rowOf, type Model } from './model/model.ts';

/** A candidate policy over what was recorded: with its own model, when it names another than the recorded one. */
export type Candidate = { readonly policy: Policy; readonly model: Model | null };

/**
 * What the candidate says to one recorded assessment. The recorded score is kept unless the candidate brings a model; a
 * list that nobody asked at the time has no recorded answer, so rules that ask it cannot be evaluated.
 */
export async function rejudge({ policy, model }: Candidate, recorded: Recorded): Promise<Flip> {
  const features = featuresOf(recorded.event);
  // Without a recorded score either a part was missing, or the policy in force read none and the candidate's still can.
  const score =
    model !== null && canAskModels(recorded.degraded)
      ? (await model.score(rowOf(model, recorded.features))).probability
      : recorded.score;
  const verdict = judge(policy, evidenceOf(features, recorded.features, recorded.findings, score), {
    degraded: recorded.degraded,
    snoozed: new Set(recorded.rulesSnoozed),
  });
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
