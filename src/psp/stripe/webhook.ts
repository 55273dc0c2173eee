import type Stripe from 'stripe';
import { z } from 'zod';
import type { AttemptRef, DisputeNews, Testimony, Witness } from '../../domain/payment/witness.ts';
import { isId } from '../../kernel/ids.ts';
import { secondMs } from '../../kernel/instant.ts';
import { present } from '../present.ts';
import type { WebhookBody, WebhookReading } from '../psp.ts';
import { attemptFromStripe, moneyFromStripe } from './attempt.ts';
import { declineFromStripe } from './decline-codes.ts';
import { capturesFromStripe, refundOutcome } from './movement.ts';
import {
  authenticationFromStripe,
  cardFactsFromStripe,
  chargeSchema,
  intentSchema,
  refundSchema,
  type WireCharge,
  maybe,
  type WireIntent,
} from './wire.ts';

/** Stripe's own tolerance, applied to both directions: the library rejects the past only. */
const toleranceS = 300;

const eventSchema = z.object({
  id: z.string(),
  type: z.string(),
  created: z.number(),
  data: z.object({ object: z.unknown() }),
});

export function readStripeWebhook(
  client: Stripe,
  secrets: readonly string[],
  delivery: WebhookBody,
): WebhookReading {
  const header = delivery.headers['stripe-signature'] ?? '';
  const raw = Buffer.from(delivery.raw.buffer, delivery.raw.byteOffset, delivery.raw.byteLength);
  let why = 'no webhook secret is set';
  for (const secret of secrets) {
    try {
      const said: unknown = client.webhooks.constructEvent(
        raw,
        header,
        secret,
        toleranceS,
        undefined,
        delivery.receivedAt,
      );
      if (signedAtS(header) > delivery.receivedAt / secondMs + toleranceS) {
        return { kind: 'refused', why: 'the signature is from the future' };
      }
      const event = eventSchema.safeParse(said);
      if (!event.success) return { kind: 'refused', why: 'the body is not an event' };
      return { kind: 'witnesses', witnesses: witnessesOf(event.data) };
    } catch (error) {
      why = error instanceof Error ? error.message.split('\n', 1).join('') : 'unreadable';
    }
  }
  return { kind: 'refused', why };
}

/** As the library reads it: of several `t=` the last one is signed. */
function signedAtS(header: string): number {
  const stamps = header.split(',').filter((part) => part.startsWith('t='));
  return Number.parseInt(stamps.at(-1)?.slice(2) ?? '', 10);
}

function witnessesOf(event: z.output<typeof eventSchema>): Witness[] {
  const testimonies = testimoniesOf(event.type, event.data.object);
  return testimonies.map((testimony, index) => ({
    messageId: index === 0 ? event.id : `${event.id}.${index}`,
    type: event.type,
    saidAt: event.created * secondMs,
    testimony,
  }));
}

/**
 * Events arrive in any order, each with its object as it was then. Only what cannot become untrue again testifies by
 * itself (money was reserved, taken, given back, refused, disputed); about everything else Stripe is asked.
 */
function testimoniesOf(type: string, object: unknown): Testimony[] {
  const nothing: Testimony[] = [{ about: 'nothing' }];
  switch (type) {
    case 'charge.succeeded':
    case 'charge.failed':
      return read(chargeSchema, object, (charge) => [aboutCharge(charge)]);
    // A held payment was given back without a capture: voided by us, or expired at the issuer.
    case 'charge.expired':
    case 'charge.refunded':
      return read(chargeSchema, object, (charge) => (charge.captured ? nothing : [aboutRelease(charge)]));
    case 'payment_intent.succeeded':
    case 'payment_intent.amount_capturable_updated':
      return read(intentSchema, object, (intent) => [
        { about: 'ask', ref: refOf(intent) },
        ...aboutCaptures(intent),
      ]);
    case 'payment_intent.payment_failed':
      return read(intentSchema, object, (intent) => [aboutIntent(intent)]);
    // Reserved money went back with it: voided by us, or by a person in Stripe's dashboard.
    case 'payment_intent.canceled':
      return read(intentSchema, object, (intent) => [aboutIntent(intent), ...aboutCanceled(intent)]);
    case 'payment_intent.requires_action':
    case 'payment_intent.processing':
      return read(intentSchema, object, (intent) => [{ about: 'ask', ref: refOf(intent) }]);
    case 'refund.created':
    case 'refund.updated':
    case 'refund.failed':
    case 'charge.refund.updated':
      return read(refundSchema, object, (refund) => {
        const movementId = idIn('mov', refund.metadata?.['tillgate_movement']);
        const name = { ...present({ movementId }), pspReference: refund.id, attempt: reference(refund) };
        return [{ about: 'movement', ref: { ...name, refunded: true }, outcome: refundOutcome(refund) }];
      });
    case 'charge.dispute.created':
    case 'charge.dispute.updated':
    case 'charge.dispute.closed':
    case 'charge.dispute.funds_withdrawn':
    case 'charge.dispute.funds_reinstated':
      return read(disputeSchema, object, aboutDispute);
    case 'radar.early_fraud_warning.created':
    case 'radar.early_fraud_warning.updated':
      return read(warningSchema, object, (warning) => [{ about: 'fraud', ref: reference(warning) }]);
    default:
      return nothing;
  }
}

/** An authentic event whose object cannot be read says nothing that could be acted on; it is stored all the same. */
function read<S extends z.ZodType>(
  schema: S,
  object: unknown,
  say: (object: z.output<S>) => Testimony[],
): Testimony[] {
  const result = schema.safeParse(object);
  return result.success ? say(result.data) : [{ about: 'nothing' }];
}

function refOf(intent: WireIntent): AttemptRef {
  return {
    ...present({ attemptId: idIn('att', intent.metadata['tillgate_attempt']) }),
    pspReference: intent.id,
  };
}

function reference(object: {
  readonly payment_intent?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}): AttemptRef {
  const attemptId = idIn('att', object.metadata?.['tillgate_attempt']);
  return present({ attemptId, pspReference: object.payment_intent });
}

function idIn<Prefix extends string>(
  prefix: Prefix,
  text: string | undefined,
): `${Prefix}_${string}` | undefined {
  return text !== undefined && isId(prefix, text) ? text : undefined;
}

function aboutIntent(intent: WireIntent): Testimony {
  return { about: 'attempt', ref: refOf(intent), outcome: attemptFromStripe(intent) };
}

function aboutCanceled(intent: WireIntent): Testimony[] {
  const { latest_charge: charge, amount, currency } = intent;
  const released = moneyFromStripe(amount, currency);
  if (charge === undefined || released === null) return [];
  const pspReference = typeof charge === 'string' ? charge : charge.id;
  const ref = { pspReference, attempt: refOf(intent), released: true as const };
  return [{ about: 'movement', ref, outcome: { kind: 'succeeded', pspReference, amount: released } }];
}

function aboutCharge(charge: WireCharge): Testimony {
  const ref = reference(charge);
  const amount = moneyFromStripe(charge.amount, charge.currency);
  const captured = moneyFromStripe(charge.amount_captured, charge.currency);
  const pspReference = charge.payment_intent;
  if (pspReference === undefined || amount === null || captured === null) return { about: 'nothing' };
  const details = charge.payment_method_details?.card;
  const card = cardFactsFromStripe(details, charge.outcome?.risk_score);
  if (charge.status === 'failed') {
    const decline = declineFromStripe(charge.outcome?.reason ?? charge.failure_code ?? 'card_declined');
    return { about: 'attempt', ref, outcome: { kind: 'declined', pspReference, decline, card } };
  }
  const authentication = authenticationFromStripe(details);
  return {
    about: 'attempt',
    ref,
    outcome: {
      kind: 'authorized',
      pspReference,
      amount,
      ...(charge.captured && { captured }),
      card,
      authentication,
    },
  };
}

/** Named by its charge: at Stripe neither a void nor an expiry has an id of its own. */
function aboutRelease(charge: WireCharge): Testimony {
  const amount = moneyFromStripe(charge.amount, charge.currency);
  if (amount === null) return { about: 'nothing' };
  const ref = { pspReference: charge.id, attempt: reference(charge), released: true as const };
  return { about: 'movement', ref, outcome: { kind: 'succeeded', pspReference: charge.id, amount } };
}

function aboutCaptures(intent: WireIntent): Testimony[] {
  return capturesFromStripe(intent).flatMap(([id, outcome]) => {
    const movementId = idIn('mov', id);
    if (movementId === undefined) return [];
    return [
      { about: 'movement', ref: { movementId, pspReference: intent.id, attempt: refOf(intent) }, outcome },
    ];
  });
}

const warningSchema = z.object({ payment_intent: z.string() });

const disputeSchema = z.object({
  id: z.string(),
  amount: z.number(),
  currency: z.string(),
  evidence_details: maybe(z.object({ due_by: maybe(z.number()) })),
  payment_intent: maybe(z.string()),
  reason: z.string(),
  status: z.string(),
});

function aboutDispute(dispute: z.output<typeof disputeSchema>): Testimony[] {
  const state = disputeStates[dispute.status];
  const amount = moneyFromStripe(dispute.amount, dispute.currency);
  if (dispute.payment_intent === undefined || state === undefined || amount === null)
    return [{ about: 'nothing' }];
  const dueByS = dispute.evidence_details?.due_by;
  return [
    {
      about: 'dispute',
      ref: { pspReference: dispute.payment_intent },
      dispute: {
        pspReference: dispute.id,
        state,
        amount,
        reason: dispute.reason,
        fraud: dispute.reason === 'fraudulent',
        inquiry: dispute.status.startsWith('warning_'),
        ...(dueByS !== undefined && { evidenceDueAt: dueByS * secondMs }),
      },
    },
  ];
}

/** `warning_*` are inquiries: no money is held yet. One that was refunded or ran out was not lost. */
const disputeStates: Readonly<Record<string, DisputeNews['state']>> = {
  warning_needs_response: 'opened',
  warning_under_review: 'under_review',
  warning_closed: 'won',
  needs_response: 'opened',
  under_review: 'under_review',
  appeal_needs_response: 'opened',
  appeal_under_review: 'under_review',
  charge_refunded: 'won',
  prevented: 'won',
  won: 'won',
  lost: 'lost',
};
