import type { AttemptId, MovementId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { Money } from '../../kernel/money.ts';
import type { PspName } from './attempt.ts';
import type { AttemptOutcome, MovementOutcome } from './outcome.ts';

/**
 * One thing a PSP told us on its own account (webhook), in domain words. Webhook, browser return and asking are three
 * witnesses of one transition; whichever comes first moves the state, the others find it moved.
 */
export type Witness = {
  /** The PSP's id of this message; the same message delivered twice has the same id. */
  readonly messageId: string;
  /** The PSP's own word for what happened, verbatim. */
  readonly type: string;
  readonly saidAt: Instant;
  readonly testimony: Testimony;
};

export type Testimony =
  | { readonly about: 'attempt'; readonly ref: AttemptRef; readonly outcome: AttemptOutcome }
  | { readonly about: 'movement'; readonly ref: MovementRef; readonly outcome: MovementOutcome }
  | { readonly about: 'dispute'; readonly ref: AttemptRef; readonly dispute: DisputeNews }
  /** The issuer reported fraud (Stripe early fraud warning, Adyen NOTIFICATION_OF_FRAUD). */
  | { readonly about: 'fraud'; readonly ref: AttemptRef }
  /**
   * The message is authentic but what it says is not signed or not in it: ask the PSP. `otherwise` is what the message
   * says by itself, where it says anything, for when asking brings no answer.
   */
  | { readonly about: 'ask'; readonly ref: AttemptRef; readonly otherwise?: Declined }
  /** Authentic, stored, and of no consequence here. */
  | { readonly about: 'nothing' };

type Declined = AttemptOutcome & { readonly kind: 'declined' };

/** How a PSP names one of our attempts: by the id we gave it, or by its own reference. */
export type AttemptRef = { readonly attemptId?: AttemptId; readonly pspReference?: string };

/** How a PSP names one of our movements, and the attempt whose money moved. */
export type MovementRef = {
  readonly movementId?: MovementId;
  readonly pspReference?: string;
  readonly attempt: AttemptRef;
  /** The PSP gave reserved money back, whether or not we had asked for it. */
  readonly released?: true;
  /** The PSP gave taken money back, whether or not we had asked for it. With `released`: one of the two. */
  readonly refunded?: true;
};

export type DisputeNews = {
  readonly pspReference: string;
  readonly state: 'opened' | 'under_review' | 'won' | 'lost';
  readonly amount: Money;
  readonly reason: string;
  readonly fraud: boolean;
  readonly evidenceDueAt?: Instant;
  /** The issuer only asks: no money has been taken. */
  readonly inquiry?: boolean;
};

/** Which account of which PSP: a payment's money stays where it was authorised. */
export type PspAccountRef = { readonly psp: PspName; readonly account: string };
