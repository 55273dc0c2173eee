import { z } from 'zod';
import { nextAction, paymentMethodChoice, returnUrl } from './checkout.ts';
import { currency } from './money.ts';
import { shownTime } from './parts.ts';

export const createCustomerBody = z
  .strictObject({
    reference: z
      .string()
      .min(1)
      .max(100)
      .optional()
      .meta({ description: 'The shop’s own id of the customer.' }),
  })
  .meta({ id: 'CreateCustomer' });

export const customerShown = z
  .strictObject({ id: z.string(), reference: z.string().nullable(), created_at: shownTime })
  .meta({ id: 'StoredCustomer' });

export const keepMethodBody = z
  .strictObject({
    ...paymentMethodChoice,
    currency: currency
      .default('EUR' as never)
      .meta({ description: 'Of the zero amount that some PSPs authorise.' }),
    return_url: returnUrl.optional(),
  })
  .refine((body) => (body.payment_method === undefined) !== (body.payment_methods === undefined), {
    path: ['payment_method'],
    error: 'either this or payment_methods is needed, not both',
  })
  .meta({ id: 'KeepPaymentMethod' });

export const completeMethodBody = z
  .strictObject({
    brought: z
      .record(z.string().max(60), z.string().max(8_000))
      .default({})
      .meta({ description: 'The query that the buyer’s browser came back with.' }),
  })
  .meta({ id: 'CompletePaymentMethod' });

export const methodShown = z
  .strictObject({
    id: z.string(),
    customer: z.string(),
    status: z.enum(['pending', 'stored', 'declined', 'removed']),
    psp: z.enum(['stripe', 'adyen']),
    card: z
      .strictObject({
        brand: z.string().nullable(),
        last4: z.string().nullable(),
        country: z.string().nullable(),
      })
      .nullable(),
    network_transaction_id: z.string().nullable(),
    next_action: nextAction.nullable(),
    decline: z.strictObject({ code: z.string() }).nullable(),
    created_at: shownTime,
  })
  .meta({ id: 'PaymentMethod' });
