import { z } from 'zod';
import { checkoutIdOf } from '../../domain/purchase/purchase.ts';
import { refundOrder as refund } from '../../flows/refund-order.ts';
import { toMoney } from '../codec/money.ts';
import { orderShown, refundBody } from '../codec/order.ts';
import { idOf } from '../codec/parts.ts';
import { route } from '../route.ts';

export const refundOrder = route({
  operationId: 'refundOrder',
  method: 'post',
  path: '/v1/orders/{order_id}/refunds',
  tag: 'Orders',
  summary: 'Refund an order',
  description:
    'Gives captured money back, all of it or a part. For a key that has a signature key, the request is signed ' +
    '(RFC 9421, docs/security/signatures.md).',
  scope: 'orders',
  params: z.strictObject({ order_id: idOf('ord', 'The order.') }),
  body: refundBody.optional(),
  moves: 'refund_order',
  signed: true,
  reply: { status: 200, schema: orderShown, description: 'The order with the refund.' },
  problems: ['order_not_captured', 'refund_above_captured', 'currency_mismatch', 'payment_quarantined'],
  handle: ({ deps, params, body, request }) => {
    const amount = toMoney(body ?? {});
    return refund(deps, {
      request,
      checkoutId: checkoutIdOf(params.order_id),
      reason: body?.reason ?? 'requested_by_customer',
      ...(amount === null ? {} : { amount }),
    });
  },
});
