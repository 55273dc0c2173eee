import type { CheckoutId, OrderId, PaymentId, ReviewId } from '../../kernel/ids.ts';
import type { Checkout } from '../checkout/checkout.ts';
import type { Order } from '../checkout/order.ts';
import type { Attempt } from '../payment/attempt.ts';
import type { Movement } from '../payment/movement.ts';
import type { Payment } from '../payment/payment.ts';

/**
 * A checkout and everything that came of it. Loaded whole, decided on whole, saved whole under the checkout's version:
 * this is the unit that two writers compete for.
 */
export type Purchase = {
  readonly checkout: Checkout;
  /** Absent until the first confirm that is not blocked. */
  readonly sale?: {
    readonly order: Order;
    readonly payment: Payment;
    /** Oldest first. */
    readonly attempts: readonly Attempt[];
    /** Oldest first. */
    readonly movements: readonly Movement[];
  };
};

export type Sale = NonNullable<Purchase['sale']>;

/**
 * The ids of one purchase differ only in their prefix. So a checkout cannot have two orders, nor an order two payments,
 * and each leads to the others without an index.
 */
export function orderIdOf(checkout: CheckoutId): OrderId {
  return `ord_${tail(checkout)}`;
}

export function paymentIdOf(checkout: CheckoutId): PaymentId {
  return `pay_${tail(checkout)}`;
}

export function checkoutIdOf(id: OrderId | PaymentId | ReviewId): CheckoutId {
  return `chk_${tail(id)}`;
}

function tail(id: string): string {
  return id.slice(id.indexOf('_') + 1);
}
