import type { Assessment, Degradation, Shadow } from '../domain/risk/assessment.ts';
import type { Feature } from '../domain/risk/features/feature.ts';
import type { Evidence } from '../domain/risk/policy/condition.ts';
import type { Policy } from '../domain/risk/policy/policy.ts';
import { judge } from '../domain/risk/policy/verdict.ts';
import { evidenceOf, type FeatureValues } from './evidence.ts';
import { rowOf, type Model } from './model/model.ts';
import { reasonsFor } from './reasons.ts';

/** A policy and the model whose score it reads. */
export type Decider = { readonly policy: Policy; readonly model: Model | null };

/** What decides one event, and what is tried beside it. */
export type Deciders = Decider & {
  readonly challengers: readonly (Decider & { readonly name: string })[];
  /** Where the merchant put a policy of its own in force. An outdated one no longer compiles: the file's stands in. */
  readonly own?: { readonly hash: string; readonly isOutdated: boolean };
};

/** Everything a conclusion is drawn from; all of it is stored, so that the same conclusion can be drawn again. */
export type Basis = {
  readonly features: readonly Feature[];
  readonly values: FeatureValues;
  readonly findings: Evidence;
  readonly degraded: readonly Degradation[];
  /** Rules that are silent for this customer. */
  readonly snoozed: ReadonlySet<string>;
};

/** Asks a model; null when there is no answer. A replay answers null where there was none. */
export type Ask = (
  model: Model,
  row: Float32Array,
  asker: 'live' | { readonly challenger: string },
) => Promise<number | null>;

export type Conclusion = Pick<
  Assessment,
  | 'decision'
  | 'score'
  | 'reasons'
  | 'rulesFired'
  | 'rulesFailed'
  | 'rulesSnoozed'
  | 'exemptions'
  | 'degraded'
  | 'shadows'
> & { readonly model: string | null };

/** Without history the model would judge every buyer as a stranger; rules decide alone then. */
const modelNeeds: readonly Degradation[] = ['velocity_unavailable', 'deadline', 'model_unavailable'];

export function canAskModels(degraded: readonly Degradation[]): boolean {
  return !degraded.some((part) => modelNeeds.includes(part));
}

export async function conclude(
  { policy, model, challengers }: Deciders,
  basis: Basis,
  ask: Ask,
  challengerFailed: (cause: unknown) => void = () => undefined,
): Promise<Conclusion> {
  const { features, values, findings, snoozed } = basis;
  const askable = canAskModels(basis.degraded);
  const row = model && rowOf(model, values);
  const score = model && row && askable ? await ask(model, row, 'live') : null;
  const degraded =
    model && askable && score === null ? [...basis.degraded, 'model_unavailable' as const] : basis.degraded;
  const evidence = evidenceOf(features, values, findings, score);
  const verdict = judge(policy, evidence, { degraded, snoozed });

  const shadows: Shadow[] = [];
  for (const challenger of challengers)
    shadows.push(await tried(challenger, { ...basis, evidence }, ask, challengerFailed));

  return {
    decision: verdict.decision,
    score,
    model: score === null ? null : (model?.hash ?? null),
    reasons: reasonsFor(
      verdict.fired,
      degraded,
      model && row && score !== null ? contributionsOf(model, row, features) : new Map(),
    ),
    rulesFired: verdict.fired.map((rule) => rule.id),
    rulesFailed: verdict.failed.map((rule) => rule.id),
    rulesSnoozed: verdict.snoozed.map((rule) => rule.id),
    exemptions: verdict.exemptions,
    degraded,
    shadows,
  };
}

/** What a challenger would have said. Whatever becomes of it, the live decision stands. */
async function tried(
  { name, policy, model }: Deciders['challengers'][number],
  { values, evidence, degraded }: Basis & { readonly evidence: Evidence },
  ask: Ask,
  failed: (cause: unknown) => void,
): Promise<Shadow> {
  try {
    const asked =
      model && canAskModels(degraded) ? await ask(model, rowOf(model, values), { challenger: name }) : null;
    const missing = model && canAskModels(degraded) && asked === null ? ['model_unavailable' as const] : [];
    // A snooze is a promise about the live rules; a challenger shows what it would do by itself.
    const said = judge(
      policy,
      { ...evidence, score: asked },
      { degraded: [...degraded, ...missing], snoozed: new Set() },
    );
    return {
      name,
      decision: said.decision,
      score: asked,
      rulesFired: said.fired.map((rule) => rule.id),
      versions: { model: asked === null ? null : (model?.hash ?? null), policy: policy.hash },
    };
  } catch (cause) {
    failed(cause);
    return {
      name,
      decision: policy.degraded.policy_failed,
      score: null,
      rulesFired: [],
      versions: { model: null, policy: policy.hash },
      failed: true,
    };
  }
}

/** Log-odds by feature: what each added to or took from the expected score. */
export function contributionsOf(
  model: Model,
  row: Float32Array,
  features: readonly Feature[],
): ReadonlyMap<Feature, number> {
  const contributions = model.explain.contributions(row);
  const byFeature = new Map<Feature, number>();
  for (const feature of features) {
    const place = model.places.get(feature.name);
    if (place !== undefined) byFeature.set(feature, contributions[place] ?? 0);
  }
  return byFeature;
}
