import { z } from 'zod';
import { shownAt, shownTime } from '../codec/parts.ts';
import { route } from '../route.ts';

const deliveriesMax = 200;

const deliveryShown = z
  .strictObject({
    id: z.string().meta({ description: 'The PSP’s own id of the message.' }),
    psp: z.enum(['stripe', 'adyen']),
    psp_account: z.string(),
    type: z.string().meta({ description: 'The PSP’s own word for what happened.' }),
    about: z.enum(['attempt', 'movement', 'dispute', 'fraud', 'ask', 'nothing']),
    received_at: shownTime,
    status: z.enum(['received', 'processed', 'set_aside']),
    tries: z.int(),
    note: z.string().nullable().meta({ description: 'What became of it.' }),
  })
  .meta({ id: 'ReceivedDelivery' });

export const listDeliveries = route({
  operationId: 'listDeliveries',
  method: 'get',
  path: '/v1/deliveries',
  tag: 'Payments',
  summary: 'List webhooks received from PSPs',
  description:
    'The last two hundred, newest first. `received` waits to be applied, `set_aside` is about no payment of this ' +
    'service or cannot be applied, as its note says; a message that repeats what is known is `processed` without a change.',
  scope: 'payments',
  reply: {
    status: 200,
    schema: z.strictObject({ deliveries: z.array(deliveryShown) }).meta({ id: 'DeliveryList' }),
    description: 'The deliveries.',
  },
  handle: async ({ deps, caller }) => {
    const found = await deps.store.deliveries.list(caller.merchantId, deliveriesMax);
    return {
      document: {
        deliveries: found.map(({ witness, psp, account, receivedAt, state, tries, note }) => ({
          id: witness.messageId,
          psp,
          psp_account: account,
          type: witness.type,
          about: witness.testimony.about,
          received_at: shownAt(receivedAt),
          status: state,
          tries,
          note,
        })),
      },
    };
  },
});
