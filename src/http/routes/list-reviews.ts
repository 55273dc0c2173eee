import { z } from 'zod';
import { orderShown } from '../codec/order.ts';
import { toWireOrder } from '../render/order.ts';
import { route } from '../route.ts';

/** A reviewer sees the oldest first and never a page longer than a shift. */
const reviewsMax = 100;

export const listReviews = route({
  operationId: 'listReviews',
  method: 'get',
  path: '/v1/reviews',
  tag: 'Reviews',
  summary: 'List orders that wait for a review',
  description: 'Orders that are authorised and held because the policy said review, oldest first.',
  scope: 'reviews',
  reply: {
    status: 200,
    schema: z
      .strictObject({
        reviews: z.array(z.strictObject({ id: z.string(), assessment: z.string(), order: orderShown })),
      })
      .meta({ id: 'ReviewList' }),
    description: 'The held orders.',
  },
  handle: async ({ deps, caller }) => {
    const held = await deps.store.purchases.listHeld(caller.merchantId, reviewsMax);
    return {
      document: {
        reviews: held.map((purchase) => ({
          id: purchase.checkout.id.replace('chk_', 'rev_'),
          assessment: purchase.checkout.assessmentId,
          order: toWireOrder({ purchase, assessment: null, events: [] }),
        })),
      },
    };
  },
});
