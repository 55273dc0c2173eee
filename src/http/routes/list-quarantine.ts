import { z } from 'zod';
import { shownAt } from '../codec/parts.ts';
import { quarantinedPayment } from '../codec/payment.ts';
import { toWirePayment } from '../render/checkout.ts';
import { toWireContradictions } from '../render/payment.ts';
import { route } from '../route.ts';

/** The oldest first, and never more than a person looks at in a day. */
const paymentsMax = 100;

export const listQuarantine = route({
  operationId: 'listQuarantine',
  method: 'get',
  path: '/v1/quarantine',
  tag: 'Payments',
  summary: 'List quarantined payments',
  description:
    'Payments of which a PSP said something that cannot be, oldest first, with what was asked for and what was said. ' +
    'Nothing of them moves until a person resolves them.',
  scope: 'resolutions',
  reply: {
    status: 200,
    schema: z.strictObject({ payments: z.array(quarantinedPayment) }).meta({ id: 'QuarantineList' }),
    description: 'The quarantined payments.',
  },
  handle: async ({ deps, caller }) => {
    const quarantined = await deps.store.purchases.listQuarantined(caller.merchantId, paymentsMax);
    return {
      document: {
        payments: quarantined.map((purchase) => ({
          ...toWirePayment(purchase),
          order: purchase.sale?.order.id,
          since: shownAt(purchase.sale?.payment.changedAt ?? 0),
          contradictions: toWireContradictions(purchase),
        })),
      },
    };
  },
});
