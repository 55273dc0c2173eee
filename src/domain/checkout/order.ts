import type { OrderId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { Money } from '../../kernel/money.ts';

/** What was sold. Recorded before any money moves, so that there is never a payment without an order. */
export type Order = {
  readonly id: OrderId;
  readonly state: OrderState;
  readonly total: Money;
  readonly createdAt: Instant;
  readonly changedAt: Instant;
  /** How many events this order has emitted; the next one gets the next number, without gaps. */
  readonly eventCount: number;
};

export type OrderState =
  /** Enters: confirm recorded it. Leaves: authorisation, capture, cancel. */
  | 'pending'
  /** Money is reserved; the merchant captures or cancels. */
  | 'authorized'
  /** Money is reserved, a reviewer has to look first. Leaves: approve, reject. */
  | 'held'
  /** Money is taken. */
  | 'captured'
  /** No money was taken and none will be. */
  | 'canceled';

export const orderTransitions: Readonly<Record<OrderState, readonly OrderState[]>> = {
  pending: ['authorized', 'held', 'captured', 'canceled'],
  authorized: ['captured', 'canceled'],
  held: ['authorized', 'captured', 'canceled'],
  captured: [],
  canceled: [],
};
