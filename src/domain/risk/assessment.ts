import type { AssessmentId, MerchantId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { AssessmentEvent, Decision } from './decision.ts';
import type { EntityKeys } from './entities.ts';
import type { Evidence } from './policy/condition.ts';

/**
 * One risk decision. Append-only: it holds every value it was made from, so that it can be replayed bit for bit, and
 * no raw personal data.
 */
export type Assessment = {
  readonly id: AssessmentId;
  readonly merchantId: MerchantId;
  readonly event: AssessmentEvent;
  readonly at: Instant;
  readonly decision: Decision;
  /** Calibrated probability of fraud, 0…1; null when the model could not be asked. */
  readonly score: number | null;
  /** What decided, most important first, in the analyst's words. */
  readonly reasons: readonly Reason[];
  /** Rules that fired, in file order; and rules that could not be evaluated, which is not the same as false. */
  readonly rulesFired: readonly string[];
  readonly rulesFailed: readonly string[];
  /** Rules that were true but are snoozed for this customer: they decided nothing. */
  readonly rulesSnoozed: readonly string[];
  /** SCA exemptions the policy asks for, strongest first. */
  readonly exemptions: readonly Exemption[];
  /** Every feature by name; null is unknown (NaN). */
  readonly features: Readonly<Record<string, number | null>>;
  /** What else the policies could read: plain signals and answers of lists. Never personal data. */
  readonly findings: Evidence;
  /** The pseudonyms of buyer, card, device and so on: what an analyst puts on a list without knowing the value. */
  readonly entities: EntityKeys;
  /** Hashes (SHA-256, hex) of the parts that decided; `model` is null where none took part. */
  readonly versions: {
    readonly model: string | null;
    readonly policy: string;
    readonly features: string;
    readonly referenceData: Readonly<Record<string, string>>;
  };
  /** Why this answer is a lesser one, when it is: the stated policy then decided without these parts. */
  readonly degraded: readonly Degradation[];
  /** What the challengers would have said; recorded, never acted on. */
  readonly shadows: readonly Shadow[];
};

export type Reason =
  | { readonly kind: 'rule'; readonly code: string; readonly text: string; readonly decision: Decision }
  /** A feature's contribution to the score's log-odds: positive raises the risk. */
  | { readonly kind: 'feature'; readonly code: string; readonly text: string; readonly contribution: number }
  | { readonly kind: 'degraded'; readonly code: string; readonly text: string };

/** The strong customer authentication exemptions a policy may request (PSD2 RTS articles 13, 16, 18, and out of scope). */
export type Exemption =
  'transaction_risk_analysis' | 'low_value' | 'trusted_beneficiary' | 'merchant_initiated';

export type Degradation =
  'deadline' | 'velocity_unavailable' | 'model_unavailable' | 'policy_failed' | 'reference_data_missing';

export type Shadow = {
  readonly name: string;
  readonly decision: Decision;
  readonly score: number | null;
  readonly rulesFired: readonly string[];
  readonly versions: { readonly model: string | null; readonly policy: string };
  /** It could not be evaluated; the decision is what its policy states for that. */
  readonly failed?: true;
};
