import type { PaymentId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { Currency } from '../../kernel/money.ts';

/**
 * One order's money. The amounts are what PSPs have confirmed, in minor units of `currency`; the
 * database holds refunded ≤ captured ≤ authorized.
 */
export type Payment = {
  readonly id: PaymentId;
  readonly state: PaymentState;
  readonly currency: Currency;
  readonly authorized: bigint;
  readonly captured: bigint;
  readonly refunded: bigint;
  /** `automatic`: captured as soon as it is authorised and nobody holds it. `manual`: when the merchant says so. */
  readonly captureMode: CaptureMode;
  /** When reserved money is due to be captured. */
  readonly captureAt?: Instant;
  readonly createdAt: Instant;
  readonly changedAt: Instant;
};

export type CaptureMode = 'automatic' | 'manual';

export type PaymentState =
  /** Enters: the order is recorded, or an attempt was declined. Leaves: an attempt, or the order is canceled. */
  | 'open'
  /** Enters: an attempt is recorded. Leaves: its outcome. */
  | 'trying'
  /** Enters: the issuer wants the buyer. Leaves: the buyer's answer, or ten minutes. */
  | 'requires_action'
  /** Money is reserved, not all of it captured. Leaves: final capture, void, expiry. */
  | 'authorized'
  /** Nothing more will be captured. Refunds move amounts, not the state. */
  | 'captured'
  /** Nothing was captured and nothing will be; a late success is voided by policy. */
  | 'canceled'
  /** A PSP said something that cannot be ours. Leaves: a person resolves it (resolve-quarantine.ts). */
  | 'quarantined';

/**
 * How a person ends a quarantine:
 * - `ask`: the PSP is asked again, and what it says now counts where it fits.
 * - `accept`: what the PSP did is what happened; the books follow it as far as the order can carry it.
 * - `return`: what the PSP took or holds against the order goes back, and the order ends with what else it has.
 */
export type Resolution = (typeof resolutions)[number];
export const resolutions = ['ask', 'accept', 'return'] as const;

export const paymentTransitions: Readonly<Record<PaymentState, readonly PaymentState[]>> = {
  open: ['trying', 'authorized', 'captured', 'canceled', 'quarantined'],
  trying: ['open', 'requires_action', 'authorized', 'captured', 'canceled', 'quarantined'],
  requires_action: ['open', 'trying', 'authorized', 'captured', 'canceled', 'quarantined'],
  authorized: ['captured', 'canceled', 'quarantined'],
  captured: ['quarantined'],
  canceled: ['authorized', 'captured', 'quarantined'],
  quarantined: ['open', 'trying', 'requires_action', 'authorized', 'captured', 'canceled'],
};
