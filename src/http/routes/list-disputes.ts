import { z } from 'zod';
import { orderIdOf } from '../../domain/purchase/purchase.ts';
import { amountShown } from '../codec/money.ts';
import { shownAt, shownTime } from '../codec/parts.ts';
import { route } from '../route.ts';

const disputesMax = 200;

const disputeShown = z
  .strictObject({
    id: z.string(),
    order: z.string(),
    status: z.enum(['opened', 'under_review', 'won', 'lost']),
    inquiry: z.boolean().meta({ description: 'The issuer only asks: no money has been taken.' }),
    amount: amountShown,
    currency: z.string(),
    reason: z.string().meta({ description: 'The PSP’s own word.' }),
    fraud: z.boolean(),
    psp_reference: z.string(),
    evidence_due_at: shownTime.nullable(),
    opened_at: shownTime,
    changed_at: shownTime,
  })
  .meta({ id: 'Dispute' });

export const listDisputes = route({
  operationId: 'listDisputes',
  method: 'get',
  path: '/v1/disputes',
  tag: 'Payments',
  summary: 'List disputes',
  description:
    'Payments that are or were contested, the last that changed first. Evidence is handed in at the PSP.',
  scope: 'payments',
  reply: {
    status: 200,
    schema: z.strictObject({ disputes: z.array(disputeShown) }).meta({ id: 'DisputeList' }),
    description: 'The disputes.',
  },
  handle: async ({ deps, caller }) => {
    const found = await deps.store.disputes.list(caller.merchantId, disputesMax);
    return {
      document: {
        disputes: found.map((each) => ({
          id: each.id,
          order: orderIdOf(each.checkoutId),
          status: each.state,
          inquiry: each.inquiry,
          amount: Number(each.amount.amount),
          currency: each.amount.currency,
          reason: each.reason,
          fraud: each.fraud,
          psp_reference: each.pspReference,
          evidence_due_at: each.evidenceDueAt === undefined ? null : shownAt(each.evidenceDueAt),
          opened_at: shownAt(each.openedAt),
          changed_at: shownAt(each.changedAt),
        })),
      },
    };
  },
});
