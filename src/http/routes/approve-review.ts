import { z } from 'zod';
import { checkoutIdOf } from '../../domain/purchase/purchase.ts';
import { approveReview as approve } from '../../flows/approve-review.ts';
import { orderShown } from '../codec/order.ts';
import { idOf, nothing } from '../codec/parts.ts';
import { route } from '../route.ts';

export const approveReview = route({
  operationId: 'approveReview',
  method: 'post',
  path: '/v1/reviews/{review_id}/approve',
  tag: 'Reviews',
  summary: 'Approve a held order',
  description: 'Lets the order go; with automatic capture, captures it.',
  scope: 'reviews',
  params: z.strictObject({ review_id: idOf('rev', 'The review.') }),
  body: nothing.optional(),
  moves: 'approve_review',
  reply: { status: 200, schema: orderShown, description: 'The order, released.' },
  problems: ['review_not_open', 'payment_quarantined'],
  handle: ({ deps, caller, params, request }) =>
    approve(deps, { request, checkoutId: checkoutIdOf(params.review_id), by: caller.key.id }),
});
