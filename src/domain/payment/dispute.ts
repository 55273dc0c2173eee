import type { AttemptId, DisputeId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { DisputeNews } from './witness.ts';

/**
 * A payment that the cardholder or the issuer contests. PSPs decide nothing here: they pass on what the scheme said.
 *
 * - `opened`: the merchant may answer until `evidenceDueAt`.
 * - `under_review`: evidence was handed in; the issuer decides.
 * - `won`: the money stays or comes back. A second chargeback may still follow.
 * - `lost`: the money is gone for good.
 */
export type Dispute = DisputeNews & {
  readonly id: DisputeId;
  readonly attemptId: AttemptId;
  /** Asked about only: no money has been taken yet. */
  readonly inquiry: boolean;
  readonly openedAt: Instant;
  readonly changedAt: Instant;
};

/** How far a dispute has come. News arrive in any order, and older ones change nothing. */
export function stageOf({ state, inquiry }: Pick<Dispute, 'state' | 'inquiry'>): number {
  const final = { won: 4, lost: 5 };
  const open = { opened: 0, under_review: 1 };
  return state === 'won' || state === 'lost' ? final[state] : open[state] + (inquiry ? 0 : 2);
}

/** Whether the issuer has taken the disputed money and not decided. */
export function isHeld({ state, inquiry }: Pick<Dispute, 'state' | 'inquiry'>): boolean {
  return !inquiry && (state === 'opened' || state === 'under_review');
}
