import type { Instant } from '../kernel/instant.ts';
import { secondMs } from '../kernel/instant.ts';

/**
 * A token bucket as a value. `tokens` may be negative: they are promised to callers that wait, so that whoever comes
 * first goes first and nobody has to be woken.
 */
export type Bucket = { readonly tokens: number; readonly at: Instant };

export type Rate = {
  readonly perSecond: number;
  /** How many calls may go at once after a pause. */
  readonly burst: number;
};

export function fullBucket({ burst }: Rate, at: Instant): Bucket {
  return { tokens: burst, at };
}

/** How long the next caller has to wait, and the bucket after it was promised its token. */
export function take(
  bucket: Bucket,
  rate: Rate,
  at: Instant,
): { readonly after: Bucket; readonly waitMs: number } {
  // A clock that jumps back refills nothing; one that jumps ahead fills the bucket at most.
  const elapsedMs = Math.max(0, at - bucket.at);
  const tokens = Math.min(rate.burst, bucket.tokens + (elapsedMs * rate.perSecond) / secondMs) - 1;
  return {
    after: { tokens, at },
    waitMs: tokens >= 0 ? 0 : Math.ceil((-tokens * secondMs) / rate.perSecond),
  };
}
