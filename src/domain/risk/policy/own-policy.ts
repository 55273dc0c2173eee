import type { ApiKeyId, MerchantId } from '../../../kernel/ids.ts';
import type { Instant } from '../../../kernel/instant.ts';
import type { PolicyText } from './policy.ts';

/** A change of what a merchant lives by at one event: a policy of its own, or the installation's file again. */
export type OwnPolicy = {
  readonly merchantId: MerchantId;
  /** 1, 2, 3 … for each change of the merchant at the event. */
  readonly number: number;
  /** What came into force; the file's, as it was then, where `isOwn` is false. */
  readonly text: PolicyText;
  readonly isOwn: boolean;
  /** The change that comes back when this one is rolled back: 0 is the file, null is nothing. */
  readonly beneath: number | null;
  readonly because: string;
  readonly by: ApiKeyId;
  readonly at: Instant;
};
