import type { AttemptId, MovementId, PaymentId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { Money } from '../../kernel/money.ts';

/**
 * One movement of an authorised payment's money: a capture, void, refund or increment. Like an attempt, it is committed with its PSP
 * idempotency key before the PSP is called.
 */
export type Movement = {
  readonly id: MovementId;
  readonly paymentId: PaymentId;
  /** Whose money: the attempt that was authorised. */
  readonly attemptId: AttemptId;
  readonly kind: MovementKind;
  readonly amount: Money;
  readonly pspKey: string;
  /** Captures only: nothing more will be captured, the rest of the authorisation is released. */
  readonly final: boolean;
  /** Refunds only: why, in the merchant's vocabulary. */
  readonly reason?: RefundReason;
  /**
   * The payment's own amounts do not count it: it records or gives back money that came too late, twice or against the
   * order, or it is a refund whose capture the scheme took back since.
   */
  readonly stray: boolean;
  readonly createdAt: Instant;
  readonly changedAt: Instant;
} & MovementState;

export type MovementKind = 'capture' | 'void' | 'refund' | 'increment';

export type RefundReason = 'requested_by_customer' | 'duplicate' | 'fraudulent' | 'other';

export type MovementState =
  /** Enters: recorded by a flow. Leaves: the PSP's outcome. Cleaned up by: the resume worker. */
  | { readonly state: 'prepared' }
  /** Enters: the PSP accepted it. Leaves: webhook or asking. Cleaned up by: the settle worker. */
  | { readonly state: 'pending'; readonly pspReference: string }
  /** Enters: no answer was heard. Leaves: asking, or making the same call again. Cleaned up by: the settle worker. */
  | { readonly state: 'unknown'; readonly cause: string }
  /** The money moved. A bank or the scheme may still reverse a capture or a refund. */
  | { readonly state: 'succeeded'; readonly pspReference: string }
  /** It certainly did not move. A late success may still overrule it, unless it was `reversed`, which is final. */
  | { readonly state: 'failed'; readonly cause: string; readonly reversed: boolean }
  /** What the PSP moved is not what was asked for, or fits no more. Leaves: a person resolves it, or it is `reversed`. */
  | {
      readonly state: 'quarantined';
      readonly pspReference: string;
      readonly cause: string;
      /** How much the PSP moved. Absent in rows of versions that kept the cause only. */
      readonly said?: Money;
    };

export const movementTransitions: Readonly<
  Record<MovementState['state'], readonly MovementState['state'][]>
> = {
  prepared: ['pending', 'unknown', 'succeeded', 'failed', 'quarantined'],
  pending: ['succeeded', 'failed', 'quarantined'],
  unknown: ['pending', 'succeeded', 'failed', 'quarantined'],
  succeeded: ['failed'],
  failed: ['succeeded', 'failed', 'quarantined'],
  quarantined: ['succeeded', 'failed', 'quarantined'],
};

/** Whether the PSP may still be about to say something about this movement. */
export function isMoving(movement: Movement): boolean {
  return movement.state === 'prepared' || movement.state === 'pending' || movement.state === 'unknown';
}
