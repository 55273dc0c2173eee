import type { Instant } from '../../../kernel/instant.ts';
import type { AssessmentEvent } from '../decision.ts';
import type { EntityKeys, Histories, Window } from '../entities.ts';
import type { Facts } from './facts.ts';

/** Everything a feature may read: the facts of this event and the past of its entities, both known before it happened. */
export type Context = {
  readonly at: Instant;
  readonly facts: Facts;
  readonly keys: EntityKeys;
  readonly histories: Histories;
};

/** A number the model and the policies read. NaN is unknown. */
export type Feature = {
  /** `entity.fact`; the part before the dot is never a feature itself, so that names nest in a policy. */
  readonly name: `${string}.${string}`;
  readonly type: 'flag' | 'count' | 'share' | 'amount' | 'minutes' | 'days' | 'number';
  readonly window: Window | null;
  /** What it is when its signal or its entity is absent, or nothing is known: 0 for a count of a known entity. */
  readonly whenNothing: 'unknown' | 'zero';
  /** Which way the risk goes when the value rises. */
  readonly direction: 'up' | 'down' | 'either';
  /** What an export of the value would reveal: nothing, behaviour of a pseudonym, or something about a person. */
  readonly pii: 'none' | 'pseudonymous' | 'personal';
  /** The analyst's words for a value that raised the risk, and for one that lowered it. */
  readonly raises: string;
  readonly lowers: string;
  readonly events: readonly AssessmentEvent[];
  readonly value: (context: Context) => number;
};

/** The part of a feature that is written to features.json. */
export type Declaration = Omit<Feature, 'value'>;

export function declarationOf({ value: _, ...declaration }: Feature): Declaration {
  return declaration;
}

/** The values in the order of the features. */
export function evaluate(features: readonly Feature[], context: Context): number[] {
  return features.map((feature) => feature.value(context));
}
