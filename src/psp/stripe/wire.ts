import { z } from 'zod';
import type { Authentication, CardFacts } from '../../domain/payment/outcome.ts';
import { present } from '../present.ts';

/** Stripe writes null for what it does not say; here it is absent. */
export function maybe<S extends z.ZodType>(schema: S) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/**
 * The parts of Stripe's objects that are read here. The library's types say what Stripe promises; these schemas check
 * what has come, because a proxy or a bug in between must not become a payment.
 */
const check = maybe(z.string());

export const cardSchema = z.object({
  brand: maybe(z.string()),
  last4: maybe(z.string()),
  fingerprint: maybe(z.string()),
  iin: maybe(z.string()),
  country: maybe(z.string()),
  funding: maybe(z.enum(['credit', 'debit', 'prepaid', 'unknown']).catch('unknown')),
  network_transaction_id: maybe(z.string()),
  electronic_commerce_indicator: maybe(z.string()),
  checks: maybe(z.object({ cvc_check: check, address_line1_check: check, address_postal_code_check: check })),
  three_d_secure: maybe(
    z.object({
      authentication_flow: maybe(z.string()),
      electronic_commerce_indicator: maybe(z.string()),
      exemption_indicator_applied: maybe(z.boolean()),
      result: maybe(z.string()),
    }),
  ),
});

export const referenceSchema = z.union([z.string(), z.object({ id: z.string() })]).transform(idOf);

export const chargeSchema = z.object({
  id: z.string(),
  object: z.literal('charge'),
  amount: z.number(),
  amount_captured: z.number(),
  amount_refunded: z.number(),
  captured: z.boolean(),
  created: z.number(),
  currency: z.string(),
  failure_code: maybe(z.string()),
  metadata: z.record(z.string(), z.string()),
  outcome: maybe(z.object({ risk_score: maybe(z.number()), reason: maybe(z.string()) })),
  payment_intent: maybe(referenceSchema),
  payment_method_details: maybe(z.object({ card: maybe(cardSchema) })),
  status: z.string(),
});

export const intentSchema = z.object({
  id: z.string(),
  object: z.literal('payment_intent'),
  amount: z.number(),
  amount_received: z.number(),
  capture_method: z.string(),
  client_secret: maybe(z.string()),
  currency: z.string(),
  last_payment_error: maybe(
    z.object({
      code: maybe(z.string()),
      decline_code: maybe(z.string()),
      payment_method: maybe(z.object({ card: maybe(cardSchema) })),
    }),
  ),
  latest_charge: maybe(z.union([z.string(), chargeSchema])),
  metadata: z.record(z.string(), z.string()),
  next_action: maybe(z.object({ redirect_to_url: maybe(z.object({ url: maybe(z.string()) })) })),
  status: z.enum([
    'requires_payment_method',
    'requires_confirmation',
    'requires_action',
    'processing',
    'requires_capture',
    'canceled',
    'succeeded',
  ]),
});

export const refundSchema = z.object({
  id: z.string(),
  object: z.literal('refund'),
  amount: z.number(),
  currency: z.string(),
  failure_reason: maybe(z.string()),
  metadata: maybe(z.record(z.string(), z.string())),
  payment_intent: maybe(referenceSchema),
  status: z.enum(['pending', 'requires_action', 'succeeded', 'failed', 'canceled']),
});

export type WireCharge = z.output<typeof chargeSchema>;
export type WireIntent = z.output<typeof intentSchema>;
export type WireRefund = z.output<typeof refundSchema>;
type WireCard = z.output<typeof cardSchema>;

function idOf(reference: string | { id: string }): string {
  return typeof reference === 'string' ? reference : reference.id;
}

export function cardFactsFromStripe(card: WireCard | undefined, riskScore?: number): CardFacts {
  const line1 = card?.checks?.address_line1_check;
  const postal = card?.checks?.address_postal_code_check;
  const address = [line1, postal].filter((result) => result === 'pass' || result === 'fail');
  return present<CardFacts>({
    fingerprint: card?.fingerprint,
    bin: card?.iin,
    last4: card?.last4,
    brand: card?.brand,
    country: card?.country,
    funding: card?.funding,
    networkTransactionId: card?.network_transaction_id,
    avs:
      address.length === 0
        ? undefined
        : address.every(isPass)
          ? 'match'
          : address.some(isPass)
            ? 'partial'
            : 'no_match',
    cvc: { pass: 'match', fail: 'no_match' }[card?.checks?.cvc_check ?? ''] as CardFacts['cvc'],
    stripeRiskScore: riskScore,
  });
}

function isPass(result: string | undefined): boolean {
  return result === 'pass';
}

/** Who authenticated the buyer and who bears the loss, as far as the charge tells. */
export function authenticationFromStripe(card: WireCard | undefined): Authentication {
  const secure = card?.three_d_secure;
  const eci = secure?.electronic_commerce_indicator ?? card?.electronic_commerce_indicator;
  const said = present<{ eci: string }>({ eci });
  switch (secure?.result) {
    case 'authenticated':
    case 'attempt_acknowledged':
      if (secure.exemption_indicator_applied === true)
        return { method: 'exempted', ...said, liability: 'merchant' };
      return { method: flowOf(secure.authentication_flow, secure.result), ...said, liability: 'issuer' };
    case 'exempted':
      return { method: 'exempted', ...said, liability: 'merchant' };
    default:
      return { method: 'none', ...said, liability: 'merchant' };
  }
}

/** Stripe names a flow only for its own 3-D Secure; an attempt that the issuer did not answer never has one. */
function flowOf(flow: string | undefined, result: string): Authentication['method'] {
  if (flow === 'challenge' || flow === 'frictionless') return flow;
  return result === 'authenticated' ? 'external' : 'frictionless';
}
