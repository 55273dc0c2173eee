import type { Degradation, Exemption } from '../assessment.ts';
import { severer, type Decision } from '../decision.ts';
import type { Evidence } from './condition.ts';
import type { Policy, Rule } from './policy.ts';

export type Verdict = {
  readonly decision: Decision;
  /** Rules whose condition was true, in file order. */
  readonly fired: readonly Rule[];
  /** Rules whose condition could not be evaluated: neither true nor false. They decide nothing. */
  readonly failed: readonly Rule[];
  /** Rules that were true but are snoozed for this customer. They decide nothing. */
  readonly snoozed: readonly Rule[];
  readonly exemptions: readonly Exemption[];
};

export type Circumstances = {
  readonly degraded: readonly Degradation[];
  readonly snoozed: ReadonlySet<string>;
};

/**
 * The decision of one policy on one set of evidence: the severest of the rules that fired and of what the policy states for
 * the missing parts; `otherwise` when there is neither. Pure: a replay on the stored evidence gives the same verdict.
 */
export function judge(policy: Policy, evidence: Evidence, { degraded, snoozed }: Circumstances): Verdict {
  const fired: Rule[] = [];
  const failed: Rule[] = [];
  const silenced: Rule[] = [];
  for (const rule of policy.rules) {
    const answer = rule.when(evidence);
    if (answer === undefined) failed.push(rule);
    else if (answer && snoozed.has(rule.id)) silenced.push(rule);
    else if (answer) fired.push(rule);
  }
  const ruled = fired.length === 0 ? policy.otherwise : fired.map((rule) => rule.then).reduce(severer);
  const decision = degraded.map((part) => policy.degraded[part]).reduce(severer, ruled);
  // An exemption moves liability to the shop, so it is asked for only when nothing speaks against the buyer.
  const asked = decision === 'allow' ? policy.exemptions.filter((rule) => rule.when(evidence) === true) : [];
  return { decision, fired, failed, snoozed: silenced, exemptions: asked.map((rule) => rule.request) };
}
