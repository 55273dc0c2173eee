import { z } from 'zod';
import { eventNamed, paymentShown } from './checkout.ts';
import { amount, amountShown, currency } from './money.ts';
import { shownTime } from './parts.ts';

const partOfTheOrder = {
  amount: amount.optional().meta({ description: 'Minor units; everything that is left when absent.' }),
  currency: currency.optional().meta({ description: 'Must be the order’s.' }),
};

/** A lone amount must not be read as no amount, which means everything that is left. */
function together<Part extends { amount?: unknown; currency?: unknown }>(of: z.ZodType<Part>) {
  const error = 'amount and currency come together';
  return of
    .refine(({ amount, currency }) => amount === undefined || currency !== undefined, {
      error,
      path: ['currency'],
    })
    .refine(({ amount, currency }) => currency === undefined || amount !== undefined, {
      error,
      path: ['amount'],
    });
}

/** Absent and empty bodies mean the same: everything that is left. */
export const captureBody = together(
  z.strictObject({
    ...partOfTheOrder,
    final: z.boolean().default(true).meta({ description: 'Release what is not captured.' }),
  }),
).meta({ id: 'Capture' });

export const incrementBody = z.strictObject({ amount, currency }).meta({ id: 'Increment' });

export const refundBody = together(
  z.strictObject({
    ...partOfTheOrder,
    reason: z
      .enum(['requested_by_customer', 'duplicate', 'fraudulent', 'other'])
      .default('requested_by_customer'),
  }),
).meta({ id: 'Refund' });

const movement = z
  .strictObject({
    id: z.string(),
    kind: z.enum(['capture', 'void', 'refund', 'increment']),
    status: z.enum(['prepared', 'pending', 'unknown', 'succeeded', 'failed', 'quarantined']),
    amount: amountShown,
    currency: z.string(),
    created_at: shownTime,
  })
  .meta({ id: 'Movement' });

export const orderShown = z
  .strictObject({
    id: z.string(),
    object: z.literal('order'),
    status: z.enum(['pending', 'authorized', 'held', 'captured', 'canceled']),
    checkout: z.string(),
    amount: amountShown,
    currency: z.string(),
    created_at: shownTime,
    payment: paymentShown,
    movements: z.array(movement),
    events: z.array(eventNamed),
  })
  .meta({ id: 'Order' });
