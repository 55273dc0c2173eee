import type { Degradation, Reason } from '../domain/risk/assessment.ts';
import { bySeverity } from '../domain/risk/decision.ts';
import type { Feature } from '../domain/risk/features/feature.ts';
import type { Rule } from '../domain/risk/policy/policy.ts';

/** More than five reasons are not read; less than this in log-odds changes a probability by a hundredth of itself. */
const featuresMax = 5;
const contributionMin = 0.01;

const degradedText: Readonly<Record<Degradation, string>> = {
  deadline: 'The answer was due before every part had given its own',
  velocity_unavailable: 'The history of this buyer could not be read',
  model_unavailable: 'The model could not be asked',
  policy_failed: 'The policy could not be evaluated',
  reference_data_missing: 'Data about networks and e-mail domains is missing',
};

/** What decided: the rules that fired, severest first; missing parts; then the features that moved the score most. */
export function reasonsFor(
  fired: readonly Rule[],
  degraded: readonly Degradation[],
  contributions: ReadonlyMap<Feature, number>,
): readonly Reason[] {
  const severity = (rule: Rule): number => bySeverity.indexOf(rule.then);
  return [
    ...fired
      .toSorted((a, b) => severity(b) - severity(a))
      .map(({ id, reason, then }) => ({ kind: 'rule', code: id, text: reason, decision: then }) as const),
    ...degraded.map((part) => ({ kind: 'degraded', code: part, text: degradedText[part] }) as const),
    ...[...contributions]
      .filter(([, contribution]) => Math.abs(contribution) >= contributionMin)
      .sort(([, a], [, b]) => Math.abs(b) - Math.abs(a))
      .slice(0, featuresMax)
      .map(
        ([feature, contribution]) =>
          ({
            kind: 'feature',
            code: feature.name,
            text: contribution > 0 ? feature.raises : feature.lowers,
            contribution,
          }) as const,
      ),
  ];
}
