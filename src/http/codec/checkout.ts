import { z } from 'zod';
import { address, customer } from './buyer.ts';
import { amount, amountShown, currency } from './money.ts';
import { metadata, shownTime } from './parts.ts';
import { observedSignals } from './signals.ts';

/** A page the buyer's browser may be sent to: https, or this machine while developing. */
export const returnUrl = z
  .string()
  .max(2000)
  .regex(/^(https:\/\/|http:\/\/(localhost|127\.0\.0\.1)[:/])/)
  .meta({
    format: 'uri',
    description: 'Where the buyer comes back to after 3-D Secure. https, or http on localhost.',
  });

/** Six days: a day before Stripe lets an authorisation go. */
const captureAfterSMax = 6 * 86_400;

export const createCheckoutBody = z
  .strictObject({
    amount,
    currency,
    capture_mode: z.enum(['automatic', 'manual']).default('automatic'),
    capture_after_s: z.int().min(1).max(captureAfterSMax).optional().meta({
      description: 'Manual capture: captured by itself after so many seconds, unless you did before.',
    }),
    customer: customer.optional(),
    billing_address: address.optional(),
    shipping_address: address.optional(),
    return_url: returnUrl.optional(),
    metadata: metadata.default({}),
  })
  .refine((body) => body.capture_after_s === undefined || body.capture_mode === 'manual', {
    path: ['capture_after_s'],
    error: 'goes with manual capture only',
  })
  .meta({ id: 'CreateCheckout' });

export const updateCheckoutBody = z
  .strictObject({
    amount: amount.optional(),
    currency: currency.optional().meta({ description: 'With an amount: the checkout’s own.' }),
    customer: customer.optional(),
    billing_address: address.optional(),
    shipping_address: address.optional(),
    metadata: metadata.optional(),
  })
  .refine((body) => (body.amount === undefined) === (body.currency === undefined), {
    path: ['currency'],
    error: 'an amount and its currency go together',
  })
  .meta({ id: 'UpdateCheckout' });

const token = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{3,255}$/)
  .meta({
    description:
      'The PSP’s token of the payment method, or the id of one that is kept here; never a card number.',
    examples: ['pm_card_visa'],
  });

/** What Adyen's component on the page hands over; its card fields are encrypted there. */
const component = z.record(z.string().max(60), z.unknown()).meta({ id: 'AdyenPaymentMethod' });

const external3ds = z
  .strictObject({
    version: z.string().regex(/^2\.\d(\.\d)?$/),
    trans_status: z.enum(['Y', 'A', 'N', 'U', 'C', 'D', 'R', 'I']),
    eci: z.enum(['05', '06', '07', '02', '01', '00']),
    cavv: z.string().regex(/^[A-Za-z0-9+/]{27}=$/),
    ds_trans_id: z.uuid(),
  })
  .meta({
    id: 'External3ds',
    description: 'The result of a 3-D Secure server of the shop’s own. Secret keys only.',
  });

/** One token, or the same method as each PSP knows it. */
export const paymentMethodChoice = {
  payment_method: token.optional(),
  payment_methods: z
    .strictObject({ stripe: token.optional(), adyen: z.union([token, component]).optional() })
    .refine((each) => Object.keys(each).length > 0, { error: 'names no method' })
    .optional()
    .meta({ description: 'The same method as each PSP knows it, so that one may take over from another.' }),
};

export const confirmCheckoutBody = z
  .strictObject({
    ...paymentMethodChoice,
    network_transaction_id: z
      .string()
      .regex(/^[A-Za-z0-9]{1,40}$/)
      .optional()
      .meta({
        description: 'Of the payment with which the buyer agreed to this one. Secret keys only.',
      }),
    external_3ds: external3ds.optional(),
    initiator: z
      .enum(['buyer', 'merchant'])
      .default('buyer')
      .meta({ description: 'Who began the payment. Secret keys only: a browser is always the buyer.' }),
    signals: observedSignals.default({}),
  })
  .refine((body) => (body.payment_method === undefined) !== (body.payment_methods === undefined), {
    path: ['payment_method'],
    error: 'either this or payment_methods is needed, not both',
  })
  .meta({ id: 'ConfirmCheckout' });

const reason = z.strictObject({
  kind: z.enum(['rule', 'feature', 'degraded']),
  code: z.string(),
  text: z.string(),
});

export const assessmentShown = z
  .strictObject({
    id: z.string(),
    event: z.enum(['account_creation', 'add_card', 'checkout', 'login']),
    decision: z.enum(['allow', 'challenge', 'review', 'block']),
    score: z.number().nullable(),
    reasons: z.array(reason),
    exemptions: z.array(z.string()),
    degraded: z.array(z.string()),
    created_at: shownTime,
  })
  .meta({ id: 'AssessmentSummary' });

export const eventNamed = z
  .strictObject({ id: z.string(), type: z.string(), sequence: z.int() })
  .meta({ id: 'EventReference' });

export const nextAction = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('redirect'), url: z.string() }),
    z.strictObject({ kind: z.literal('psp_library'), data: z.record(z.string(), z.unknown()) }),
  ])
  .meta({ id: 'NextAction' });

const decline = z
  .strictObject({ code: z.string(), advice: z.enum(['transient', 'fix', 'never']) })
  .meta({ id: 'Decline' });

export const paymentShown = z
  .strictObject({
    id: z.string(),
    status: z.enum([
      'open',
      'trying',
      'requires_action',
      'authorized',
      'captured',
      'canceled',
      'quarantined',
    ]),
    currency: z.string(),
    authorized: amountShown,
    captured: amountShown,
    refunded: amountShown,
    psp: z.string().nullable(),
    psp_reference: z.string().nullable(),
  })
  .meta({ id: 'PaymentSummary' });

export const checkoutShown = z
  .strictObject({
    id: z.string(),
    object: z.literal('checkout'),
    status: z.enum(['open', 'processing', 'requires_action', 'completed', 'canceled', 'expired']),
    amount: amountShown,
    currency: z.string(),
    capture_mode: z.enum(['automatic', 'manual']),
    return_url: z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
    client_secret: z
      .string()
      .optional()
      .meta({ description: 'Shown once, to whoever created the checkout.' }),
    created_at: shownTime,
    expires_at: shownTime,
    order: z
      .strictObject({
        id: z.string(),
        status: z.enum(['pending', 'authorized', 'held', 'captured', 'canceled']),
      })
      .nullable(),
    payment: paymentShown.nullable(),
    next_action: nextAction.nullable(),
    decline: decline.nullable(),
    assessment: assessmentShown.nullable(),
    events: z.array(eventNamed),
  })
  .meta({ id: 'Checkout' });
