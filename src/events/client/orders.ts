import { z } from 'zod';
import { type Projection, projection } from './projection.ts';

/** An order as its events tell it. Amounts in minor units of its currency. */
export type OrderModel = {
  readonly status: 'pending' | 'authorized' | 'held' | 'captured' | 'canceled';
  readonly currency: string;
  readonly total: number;
  readonly captured: number;
  readonly refunded: number;
  readonly declines: number;
  readonly changedAt: string;
};

export type Orders = Readonly<Record<string, OrderModel>>;

const money = z.object({ amount: z.number(), currency: z.string() });
const said = z.object({
  order_id: z.string(),
  total: money,
  amount: money.optional(),
  captured: money.optional(),
});

/** The read model of orders; events that are not about an order change nothing. */
export const orders: Projection<OrderModel> = projection((state, { type, time, data }) => {
  const read = said.safeParse(data);
  if (!read.success) return null;
  const { order_id: id, total, amount, captured } = read.data;
  const before: OrderModel = state[id] ?? {
    status: 'pending',
    currency: total.currency,
    total: total.amount,
    captured: 0,
    refunded: 0,
    declines: 0,
    changedAt: time,
  };
  const after = { ...before, ...changeBy(type, before, amount?.amount ?? 0, captured?.amount ?? 0) };
  return [id, { ...after, total: total.amount, changedAt: time }];
});

function changeBy(
  type: string,
  before: OrderModel,
  moved: number,
  capturedAtOnce: number,
): Partial<OrderModel> {
  switch (type) {
    case 'order.authorized':
      return { status: 'authorized' };
    case 'order.held':
      return { status: 'held' };
    case 'order.captured':
      return { status: 'captured', captured: capturedAtOnce };
    case 'order.canceled':
      return { status: 'canceled' };
    case 'payment.captured':
      return { captured: before.captured + moved };
    case 'payment.refunded':
      return { refunded: before.refunded + moved };
    case 'payment.declined':
      return { declines: before.declines + 1 };
    default:
      return {};
  }
}
