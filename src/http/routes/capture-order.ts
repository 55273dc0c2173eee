import { z } from 'zod';
import { checkoutIdOf } from '../../domain/purchase/purchase.ts';
import { captureOrder as capture } from '../../flows/capture-order.ts';
import { toMoney } from '../codec/money.ts';
import { captureBody, orderShown } from '../codec/order.ts';
import { idOf } from '../codec/parts.ts';
import { route } from '../route.ts';

export const captureOrder = route({
  operationId: 'captureOrder',
  method: 'post',
  path: '/v1/orders/{order_id}/capture',
  tag: 'Orders',
  summary: 'Capture an order',
  description: 'Takes authorised money, all of it or a part. Unless `final` is false, the rest is released.',
  scope: 'orders',
  params: z.strictObject({ order_id: idOf('ord', 'The order.') }),
  body: captureBody.optional(),
  moves: 'capture_order',
  reply: { status: 200, schema: orderShown, description: 'The order with the capture.' },
  problems: [
    'order_not_authorized',
    'order_held',
    'order_already_captured',
    'order_already_canceled',
    'capture_above_authorized',
    'currency_mismatch',
    'movement_in_flight',
    'payment_quarantined',
  ],
  handle: ({ deps, params, body, request }) => {
    const amount = toMoney(body ?? {});
    return capture(deps, {
      request,
      checkoutId: checkoutIdOf(params.order_id),
      ...(amount === null ? {} : { amount }),
      ...(body === undefined ? {} : { final: body.final }),
    });
  },
});
