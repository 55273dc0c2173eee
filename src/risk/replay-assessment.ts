import { isDeepStrictEqual } from 'node:util';
import type { Assessment } from '../domain/risk/assessment.ts';
import { featuresOf } from '../domain/risk/features/library.ts';
import { conclude, type Ask, type Deciders } from './conclusion.ts';

export type Replay =
  | { readonly replayed: 'same' }
  /** The parts that decided then are not the ones at hand. */
  | { readonly replayed: 'not_possible'; readonly because: string }
  /** It did not come out the same: a fault of ours. */
  | { readonly replayed: 'differs'; readonly in: readonly string[]; readonly now: Partial<Assessment> };

const compared = [
  'decision',
  'score',
  'reasons',
  'rulesFired',
  'rulesFailed',
  'rulesSnoozed',
  'exemptions',
  'degraded',
  'shadows',
] as const;

/** Draws the conclusion of a stored assessment again, from what is stored with it, and compares bit for bit. */
export async function replayAssessment(
  stored: Assessment,
  parts: { readonly deciders: Deciders; readonly featuresHash: string },
): Promise<Replay> {
  const mismatch = foreignPart(stored, parts);
  if (mismatch !== null) return { replayed: 'not_possible', because: mismatch };
  const ask: Ask = async (model, row, asker) => {
    const answered =
      asker === 'live' ? stored.score : stored.shadows.find(({ name }) => name === asker.challenger)?.score;
    return (answered ?? null) === null ? null : (await model.score(row)).probability;
  };
  const basis = {
    features: featuresOf(stored.event),
    values: stored.features,
    findings: stored.findings,
    // The model's own failure is concluded again from its missing answer.
    degraded: stored.degraded.filter((part) => part !== 'model_unavailable'),
    snoozed: new Set(stored.rulesSnoozed),
  };
  const now = await conclude(parts.deciders, basis, ask);
  const different = compared.filter((key) => !isDeepStrictEqual(wordless(now)[key], wordless(stored)[key]));
  return different.length === 0 ? { replayed: 'same' } : { replayed: 'differs', in: different, now };
}

/** Reasons may be reworded without a new feature library: their codes and numbers are what has to come out again. */
function wordless<Drawn extends Pick<Assessment, 'reasons'>>(drawn: Drawn) {
  return { ...drawn, reasons: drawn.reasons.map((reason) => ({ ...reason, text: '' })) };
}

function foreignPart(
  { versions, degraded, shadows }: Assessment,
  { deciders, featuresHash }: { readonly deciders: Deciders; readonly featuresHash: string },
): string | null {
  if (degraded.includes('policy_failed'))
    return 'its policy failed, so nothing but the stated decision was drawn';
  if (versions.features !== featuresHash) return `its feature library is ${versions.features}`;
  if (versions.policy !== deciders.policy.hash) return `its policy is ${versions.policy}`;
  if (versions.model !== null && versions.model !== deciders.model?.hash)
    return `its model is ${versions.model}`;
  for (const { name, versions: old, failed } of shadows) {
    if (failed) return `its challenger ${name} could not be evaluated`;
    const challenger = deciders.challengers.find((one) => one.name === name);
    if (challenger?.policy.hash !== old.policy) return `its challenger ${name} is ${old.policy}`;
    if (old.model !== null && challenger.model?.hash !== old.model)
      return `its challenger ${name} has the model ${old.model}`;
  }
  return null;
}
