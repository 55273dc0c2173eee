import type { ApiKeyId, MerchantId, ShadowId } from '../../../kernel/ids.ts';
import type { Instant } from '../../../kernel/instant.ts';
import type { Removal } from '../entry.ts';
import type { PolicyText } from './policy.ts';

/** A draft that is evaluated beside the policy in force, for one merchant: recorded, never acted on. */
export type ShadowPolicy = {
  readonly id: ShadowId;
  readonly merchantId: MerchantId;
  /** What assessments call the challenger. */
  readonly name: string;
  readonly text: PolicyText;
  readonly addedBy: ApiKeyId;
  readonly addedAt: Instant;
  readonly removed: Removal | null;
};

/** How often a challenger and the policy in force decided this and that, and how many of those are known by now. */
export type Comparison = {
  readonly event: string;
  readonly name: string;
  readonly policy: string;
  readonly live: string;
  readonly shadow: string;
  readonly assessments: number;
  readonly fraud: number;
  readonly good: number;
};
