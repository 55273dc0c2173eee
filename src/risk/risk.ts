import type { Assessment } from '../domain/risk/assessment.ts';
import type { Flip, Recorded } from '../domain/risk/backtest.ts';
import type { AssessmentEvent } from '../domain/risk/decision.ts';
import type { EntityKeys } from '../domain/risk/entities.ts';
import type { Entry } from '../domain/risk/entry.ts';
import type { ListDeclarations } from '../domain/risk/policy/list.ts';
import type { Labelled } from '../domain/risk/observed.ts';
import type { OwnPolicy } from '../domain/risk/policy/own-policy.ts';
import type { Policy } from '../domain/risk/policy/policy.ts';
import type { ShadowPolicy } from '../domain/risk/policy/shadow-policy.ts';
import type { Signals } from '../domain/risk/signals.ts';
import type { AssessmentId, MerchantId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';

/** What the flows ask of risk; src/main.ts wires the parts together. */
export type Risk = {
  /**
   * Judges one event. Reads counts and changes none: the event in flight is never part of its own evidence.
   *
   * Never throws and never falls open: what fails within the deadline is named in `degraded`, and the policy's stated
   * degraded decision applies.
   */
  readonly assess: (question: Question) => Promise<Assessment>;
  /**
   * Tells the counters what happened, so that the next assessment sees it. Never throws and is never awaited by money:
   * a lost observation is logged and counted, and makes counts lower, never higher.
   */
  readonly observe: (observation: Observation) => void;
};

/** What analysts see of what decides, and what they add to it. */
export type Desk = {
  /** The lists that are declared beside the policies. */
  readonly lists: () => ListDeclarations;
  /** The rules of all policies the merchant lives by, which may be snoozed. */
  readonly rules: (merchantId: MerchantId) => ReadonlySet<string>;
  /** The pseudonym of a value such as `email.address`; undefined when it cannot be one. */
  readonly keyOf: (merchantId: MerchantId, of: string, value: string) => string | undefined;
  /** The policies of the installation's files, one for each event. */
  readonly files: () => readonly PolicyInForce[];
  /** What a merchant lives by: its own policies and drafts, and else the files'. */
  readonly policies: (merchantId: MerchantId) => readonly PolicyInForce[];
  /** Compiles a draft against what is loaded now, or says everything that is wrong with it. */
  readonly check: (source: string) => { readonly policy: Policy } | { readonly mistakes: readonly Mistake[] };
  /** What a policy would have said to one recorded assessment. */
  readonly rejudge: (policy: Policy, recorded: Recorded) => Promise<Flip>;
  /** From now on these changes count in this process; older ones than it knows change nothing. */
  readonly adopt: (own: readonly OwnPolicy[]) => void;
  /** From now on these drafts are evaluated in this process, and those that were removed are not. */
  readonly shadow: (shadows: readonly ShadowPolicy[]) => void;
  /** From now on assessments in this process know these entries, and forget those that were removed. */
  readonly learn: (entries: readonly Entry[]) => void;
};

/** What decides one event now. */
export type PolicyInForce = {
  readonly policy: Policy;
  /** SHA-256 of the model's files. */
  readonly model: string | null;
  readonly challengers: readonly {
    readonly name: string;
    readonly policy: Policy;
    readonly model: string | null;
  }[];
  /** Null where the file's decides. An outdated one no longer compiles: the file's stands in, and decides degraded. */
  readonly own: { readonly hash: string; readonly isOutdated: boolean } | null;
};

/** Something wrong with a draft. Lines and columns count from 1. */
export type Mistake = {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint: string | null;
};

export type Question = {
  readonly id: AssessmentId;
  readonly merchantId: MerchantId;
  readonly event: AssessmentEvent;
  readonly at: Instant;
  readonly signals: Signals;
};

/** One thing that happened at one time to the entities that the signals name. */
export type Observation = {
  readonly merchantId: MerchantId;
  readonly at: Instant;
  readonly signals: Signals;
  /** The entities of the assessment before it, where the signals no longer name them all. */
  readonly judged?: EntityKeys;
} & (
  | { readonly what: 'attempted'; readonly event: AssessmentEvent }
  | { readonly what: 'succeeded' | 'declined' | 'refused'; readonly event: AssessmentEvent }
  /** Known to be fraud (or not) since `at`; `happenedAt` is when the labelled event took place. */
  | Labelled
);
