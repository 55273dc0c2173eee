import { z } from 'zod';
import { checkoutIdOf } from '../../domain/purchase/purchase.ts';
import { incrementOrder as increment } from '../../flows/increment-order.ts';
import { money } from '../../kernel/money.ts';
import { incrementBody, orderShown } from '../codec/order.ts';
import { idOf } from '../codec/parts.ts';
import { route } from '../route.ts';

export const incrementOrder = route({
  operationId: 'incrementOrder',
  method: 'post',
  path: '/v1/orders/{order_id}/increment',
  tag: 'Orders',
  summary: 'Reserve more money for an order',
  description:
    'Adds to what is authorised, where the PSP and the card allow it; otherwise the movement fails.',
  scope: 'orders',
  params: z.strictObject({ order_id: idOf('ord', 'The order.') }),
  body: incrementBody,
  moves: 'increment_order',
  reply: { status: 200, schema: orderShown, description: 'The order with the increment.' },
  problems: [
    'order_not_authorized',
    'order_already_captured',
    'order_already_canceled',
    'currency_mismatch',
    'movement_in_flight',
    'payment_quarantined',
  ],
  handle: ({ deps, params, body, request }) =>
    increment(deps, {
      request,
      checkoutId: checkoutIdOf(params.order_id),
      amount: money(body.amount, body.currency),
    }),
});
