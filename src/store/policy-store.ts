import type { Removal } from '../domain/risk/entry.ts';
import type { AssessmentEvent } from '../domain/risk/decision.ts';
import type { OwnPolicy } from '../domain/risk/policy/own-policy.ts';
import type { Policy, PolicyText } from '../domain/risk/policy/policy.ts';
import type { ShadowPolicy } from '../domain/risk/policy/shadow-policy.ts';
import type { EventId, MerchantId, ShadowId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';

/** The record of the policy files, and the drafts that are tried beside them. */
export type PolicyStore = {
  /** Keeps the policy and that it is in force from now on, unless it is already; tells of it in the same statement. */
  readonly activate: (activation: NewActivation) => Promise<void>;
  /** Keeps a text that an assessment may name. */
  readonly keep: (text: PolicyText) => Promise<void>;
  readonly find: (hash: string) => Promise<PolicyText | null>;
  /** What was in force, the newest first. */
  readonly history: (event: AssessmentEvent, limit: number) => Promise<readonly Activation[]>;
  /** Puts something else in force for one merchant and tells it so; outrun when somebody else changed it first. */
  readonly changeOwn: (change: OwnPolicyChange) => Promise<'changed' | 'outrun'>;
  /** The merchant's changes at an event, the newest first. */
  readonly own: (
    merchantId: MerchantId,
    event: AssessmentEvent,
    limit: number,
  ) => Promise<readonly OwnPolicy[]>;
  /** Of all merchants: what is in force when `since` is null, else what changed since. */
  readonly ownChanges: (
    since: string | null,
  ) => Promise<{ readonly own: readonly OwnPolicy[]; readonly next: string | null }>;
  readonly addShadow: (shadow: ShadowPolicy) => Promise<'added' | 'name_taken'>;
  /** Null when there is none, or it was removed before. */
  readonly removeShadow: (
    merchantId: MerchantId,
    id: ShadowId,
    removal: Removal,
  ) => Promise<ShadowPolicy | null>;
  /** The newest first, those that were removed too. */
  readonly shadows: (merchantId: MerchantId, limit: number) => Promise<readonly ShadowPolicy[]>;
  /** Of all merchants: every draft that is tried when `since` is null, else what changed since. */
  readonly shadowChanges: (
    since: string | null,
  ) => Promise<{ readonly shadows: readonly ShadowPolicy[]; readonly next: string | null }>;
};

export type NewActivation = {
  readonly policy: PolicyText & Pick<Policy, 'rules'>;
  readonly at: Instant;
  /** Who hears of it, and the id of each one's event. */
  readonly told: readonly { readonly merchantId: MerchantId; readonly eventId: EventId }[];
};

export type OwnPolicyChange = OwnPolicy & {
  readonly eventId: EventId;
  readonly previousHash: string;
  /** How many it has. */
  readonly rules: number;
};

export type Activation = PolicyText & { readonly at: Instant };
