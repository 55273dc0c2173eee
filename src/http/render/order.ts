import type { z } from 'zod';
import type { CheckoutView } from '../../flows/deps.ts';
import type { orderShown } from '../codec/order.ts';
import { shownAt } from '../codec/parts.ts';
import { toWireEventName, toWirePayment } from './checkout.ts';

/** An order as replies show it. */
export function toWireOrder({ purchase, events }: CheckoutView): z.input<typeof orderShown> {
  const { checkout, sale } = purchase;
  const payment = toWirePayment(purchase);
  if (sale === undefined || payment === null) throw new Error('a checkout without an order has none to show');
  return {
    id: sale.order.id,
    object: 'order',
    status: sale.order.state,
    checkout: checkout.id,
    amount: Number(sale.order.total.amount),
    currency: sale.order.total.currency,
    created_at: shownAt(sale.order.createdAt),
    payment,
    movements: sale.movements
      .filter((each) => !each.stray)
      .map((each) => ({
        id: each.id,
        kind: each.kind,
        status: each.state,
        amount: Number(each.amount.amount),
        currency: each.amount.currency,
        created_at: shownAt(each.createdAt),
      })),
    events: events.map(toWireEventName),
  };
}
