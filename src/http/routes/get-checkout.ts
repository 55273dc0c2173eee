import { z } from 'zod';
import { refuse } from '../../domain/refusal.ts';
import { askOnRead } from '../../flows/ask-on-read.ts';
import { checkoutShown } from '../codec/checkout.ts';
import { idOf } from '../codec/parts.ts';
import { toWireCheckout } from '../render/checkout.ts';
import { route } from '../route.ts';

export const getCheckout = route({
  operationId: 'getCheckout',
  method: 'get',
  path: '/v1/checkouts/{checkout_id}',
  tag: 'Checkouts',
  summary: 'Read a checkout',
  description: 'The checkout as it is now, with its order, payment and latest assessment.',
  scope: 'checkouts',
  client: true,
  params: z.strictObject({ checkout_id: idOf('chk', 'The checkout.') }),
  reply: { status: 200, schema: checkoutShown, description: 'The checkout.' },
  handle: async ({ deps, caller, params }) => {
    const found = await deps.store.purchases.find(caller.merchantId, params.checkout_id);
    const mayRead =
      caller.clientSecretHash === undefined || caller.clientSecretHash === found?.checkout.clientSecretHash;
    if (found === null || !mayRead) return refuse('not_found', 'There is no such checkout.');
    const purchase = await askOnRead(deps, found);
    const { assessmentId } = purchase.checkout;
    // A browser is told what to do, not how the shop judges it.
    const assessment =
      assessmentId === undefined || caller.key.kind === 'publishable'
        ? null
        : await deps.store.assessments.find(caller.merchantId, assessmentId);
    return { document: toWireCheckout({ purchase, assessment, events: [] }) };
  },
});
