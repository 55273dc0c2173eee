import { z } from 'zod';
import { checkoutIdOf } from '../../domain/purchase/purchase.ts';
import { refuse } from '../../domain/refusal.ts';
import { askOnRead } from '../../flows/ask-on-read.ts';
import { orderShown } from '../codec/order.ts';
import { idOf } from '../codec/parts.ts';
import { toWireOrder } from '../render/order.ts';
import { route } from '../route.ts';

export const getOrder = route({
  operationId: 'getOrder',
  method: 'get',
  path: '/v1/orders/{order_id}',
  tag: 'Orders',
  summary: 'Read an order',
  description: 'The order as it is now, with its payment and every movement of its money.',
  scope: 'orders',
  params: z.strictObject({ order_id: idOf('ord', 'The order.') }),
  reply: { status: 200, schema: orderShown, description: 'The order.' },
  handle: async ({ deps, caller, params }) => {
    const found = await deps.store.purchases.find(caller.merchantId, checkoutIdOf(params.order_id));
    const purchase = found && (await askOnRead(deps, found));
    return purchase?.sale === undefined
      ? refuse('not_found', 'There is no such order.')
      : { document: toWireOrder({ purchase, assessment: null, events: [] }) };
  },
});
