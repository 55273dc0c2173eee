import { z } from 'zod';
import { checkoutIdOf } from '../../domain/purchase/purchase.ts';
import { rejectReview as reject } from '../../flows/reject-review.ts';
import { orderShown } from '../codec/order.ts';
import { idOf, nothing } from '../codec/parts.ts';
import { route } from '../route.ts';

export const rejectReview = route({
  operationId: 'rejectReview',
  method: 'post',
  path: '/v1/reviews/{review_id}/reject',
  tag: 'Reviews',
  summary: 'Reject a held order',
  description: 'Voids the authorisation and cancels the order.',
  scope: 'reviews',
  params: z.strictObject({ review_id: idOf('rev', 'The review.') }),
  body: nothing.optional(),
  moves: 'reject_review',
  reply: { status: 200, schema: orderShown, description: 'The order, canceled or about to be.' },
  problems: ['review_not_open', 'movement_in_flight', 'payment_quarantined'],
  handle: ({ deps, params, request }) =>
    reject(deps, { request, checkoutId: checkoutIdOf(params.review_id) }),
});
