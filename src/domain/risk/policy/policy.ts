import type { Degradation, Exemption } from '../assessment.ts';
import type { AssessmentEvent, Decision } from '../decision.ts';
import type { EntityKind } from '../entities.ts';
import type { Condition } from './condition.ts';
import type { ListDeclaration } from './list.ts';

/** One policy file, checked and compiled. */
export type Policy = {
  readonly event: AssessmentEvent;
  /** SHA-256 of the canonical content: comments and layout do not count, list declarations do. */
  readonly hash: string;
  /** The file, and the declarations of the lists it asks: enough to compile it again. */
  readonly source: string;
  readonly lists: Readonly<Record<string, ListDeclaration>>;
  /** The model whose score the rules read; null where rules decide alone. */
  readonly model: string | null;
  readonly rules: readonly Rule[];
  /** What is decided when no rule fires. */
  readonly otherwise: Decision;
  /** The least that is decided when a part is missing. Never allow, except for missing reference data. */
  readonly degraded: Readonly<Record<Degradation, Decision>>;
  readonly exemptions: readonly ExemptionRule[];
  readonly challengers: readonly Challenger[];
  /** The list lookups that the conditions make, each a finding of its own. */
  readonly lookups: readonly Lookup[];
};

export type PolicyText = Pick<Policy, 'event' | 'hash' | 'source' | 'lists'>;

export type Rule = {
  readonly id: string;
  /** The condition as it is written. */
  readonly text: string;
  readonly when: Condition;
  readonly then: Decision;
  readonly reason: string;
};

export type ExemptionRule = { readonly request: Exemption; readonly text: string; readonly when: Condition };

/** Evaluated beside the live policy, recorded, never acted on: another policy file, another model, or both. */
export type Challenger = {
  readonly name: string;
  readonly policyFile: string | null;
  readonly model: string | null;
};

/** `in_list("blocked-emails", email.address)`; its answer is found under `name`. */
export type Lookup = { readonly name: string; readonly list: string; readonly of: EntityKind };

/** What a missing part costs when the policy file does not say. */
export const defaultDegraded: Readonly<Record<Degradation, Decision>> = {
  deadline: 'challenge',
  velocity_unavailable: 'challenge',
  model_unavailable: 'challenge',
  policy_failed: 'challenge',
  // Rules about networks and throw-away domains cannot be evaluated then: whom they would stop must not pass.
  reference_data_missing: 'challenge',
};
