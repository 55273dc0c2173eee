import { z } from 'zod';
import { checkoutIdOf } from '../../domain/purchase/purchase.ts';
import { cancelOrder as cancel } from '../../flows/cancel-order.ts';
import { orderShown } from '../codec/order.ts';
import { idOf, nothing } from '../codec/parts.ts';
import { route } from '../route.ts';

export const cancelOrder = route({
  operationId: 'cancelOrder',
  method: 'post',
  path: '/v1/orders/{order_id}/cancel',
  tag: 'Orders',
  summary: 'Cancel an order',
  description: 'Releases authorised money that has not been captured.',
  scope: 'orders',
  params: z.strictObject({ order_id: idOf('ord', 'The order.') }),
  body: nothing.optional(),
  moves: 'cancel_order',
  reply: { status: 200, schema: orderShown, description: 'The order, canceled or about to be.' },
  problems: [
    'checkout_processing',
    'order_already_captured',
    'order_already_canceled',
    'order_has_captures',
    'movement_in_flight',
  ],
  handle: ({ deps, params, request }) => cancel(deps, { request, checkoutId: checkoutIdOf(params.order_id) }),
});
