import { z } from 'zod';
import { resolutions } from '../../domain/payment/payment.ts';
import { paymentShown } from './checkout.ts';
import { amountShown } from './money.ts';
import { shownTime } from './parts.ts';

export const resolveBody = z
  .strictObject({
    resolution: z.enum(resolutions).meta({
      description:
        '`ask`: what the PSP says now counts, if it fits. `accept`: what the PSP did is what happened, as far as the ' +
        'order can carry it. `return`: what it took or holds goes back.',
    }),
    note: z
      .string()
      .trim()
      .min(3)
      .max(300)
      .meta({ description: 'Why; kept in the journal for good. No personal data.' }),
  })
  .meta({ id: 'ResolvePayment' });

const moneyShown = z.strictObject({ amount: amountShown, currency: z.string() });

/** Something that a PSP said and that cannot be, or never said: beside it, what was asked for. */
export const contradiction = z
  .strictObject({
    subject: z.string().meta({ description: 'The attempt or movement.' }),
    kind: z.enum(['authorization', 'capture', 'void', 'refund', 'increment']),
    because: z.string(),
    psp: z.string(),
    psp_account: z.string(),
    psp_reference: z.string().nullable().meta({ description: 'Null where the PSP never answered.' }),
    expected: moneyShown,
    said: moneyShown.nullable().meta({ description: 'Null where it was not kept: ask the PSP.' }),
    said_captured: moneyShown.nullable().meta({ description: 'What the PSP took with an authorisation.' }),
  })
  .meta({ id: 'Contradiction' });

const attempt = z
  .strictObject({
    id: z.string(),
    status: z.string(),
    psp: z.string(),
    psp_account: z.string(),
    amount: amountShown,
    routed_because: z.string(),
    created_at: shownTime,
  })
  .meta({ id: 'Attempt' });

const entry = z
  .strictObject({
    subject: z.string(),
    at: shownTime,
    from: z.string().nullable(),
    to: z.string(),
    because: z.string(),
  })
  .meta({ id: 'JournalEntry' });

export const wholePayment = paymentShown
  .extend({ attempts: z.array(attempt), contradictions: z.array(contradiction), journal: z.array(entry) })
  .meta({ id: 'Payment' });

export const quarantinedPayment = paymentShown
  .extend({ order: z.string(), since: shownTime, contradictions: z.array(contradiction) })
  .meta({ id: 'QuarantinedPayment' });
