import type { CheckoutId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import { money } from '../../kernel/money.ts';
import type { EventFact } from '../events/event.ts';
import type { Sale } from './purchase.ts';
import { orderData } from './step.ts';

/** Nothing more will be captured: what was stays captured, and an order of which nothing was is canceled. */
export function endOrder(sale: Sale, at: Instant): Sale {
  const state = sale.payment.captured > 0n ? ('captured' as const) : ('canceled' as const);
  return {
    ...sale,
    order: { ...sale.order, state, changedAt: at },
    payment: { ...sale.payment, state, changedAt: at },
  };
}

/** What everybody is told of an order that has ended. */
export function orderEnded(checkoutId: CheckoutId, sale: Sale): EventFact {
  const data = orderData(checkoutId, sale);
  if (sale.order.state !== 'captured') return { type: 'order.canceled', data };
  const captured = money(sale.payment.captured, sale.payment.currency);
  return { type: 'order.captured', data: { ...data, captured } };
}
