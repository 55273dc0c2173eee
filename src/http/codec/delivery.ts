import { z } from 'zod';
import type { Deps } from '../../flows/deps.ts';
import { shownAt, shownTime } from './parts.ts';

export const deliveryStatus = z.enum(['received', 'processed', 'set_aside']);

/** What names a delivery: PSPs number their messages by account. */
export const deliveryName = {
  id: z.string().max(255).meta({ description: 'The PSP’s own id of the message.' }),
  psp: z.enum(['stripe', 'adyen']),
  psp_account: z.string().max(255),
};

export const deliveryShown = z
  .strictObject({
    ...deliveryName,
    type: z.string().meta({ description: 'The PSP’s own word for what happened.' }),
    about: z.enum(['attempt', 'movement', 'dispute', 'fraud', 'ask', 'nothing']),
    received_at: shownTime,
    status: deliveryStatus,
    tries: z.int(),
    note: z.string().nullable().meta({ description: 'What became of it.' }),
  })
  .meta({ id: 'ReceivedDelivery' });

type Delivery = Awaited<ReturnType<Deps['store']['deliveries']['list']>>[number];

export function toWireDelivery({ witness, psp, account, receivedAt, state, tries, note }: Delivery) {
  return {
    id: witness.messageId,
    psp,
    psp_account: account,
    type: witness.type,
    about: witness.testimony.about,
    received_at: shownAt(receivedAt),
    status: state,
    tries,
    note,
  };
}
