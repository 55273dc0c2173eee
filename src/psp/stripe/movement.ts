import type Stripe from 'stripe';
import type { RefundReason } from '../../domain/payment/movement.ts';
import type { MovementOutcome } from '../../domain/payment/outcome.ts';
import { unreachable } from '../../kernel/unreachable.ts';
import type { MovementSubject } from '../psp.ts';
import { moneyFromStripe } from './attempt.ts';
import { findRefund } from './search.ts';
import { intentSchema, refundSchema, type WireIntent, type WireRefund } from './wire.ts';

/**
 * Stripe has no object for a capture or an increment: the PaymentIntent's totals grow. Each of our calls therefore
 * leaves a line in the PaymentIntent's metadata, written by Stripe together with the money:
 * `mov_…: 'capture 1299'`. It tells whether a call was executed, and how much of a total belongs to which call.
 */
type Line = { readonly kind: 'capture' | 'increment'; readonly amount: number };

function linesOf(intent: WireIntent): Map<string, Line> {
  const lines = new Map<string, Line>();
  for (const [id, text] of Object.entries(intent.metadata)) {
    const [, kind, amount] = /^(capture|increment) (\d+)$/.exec(text) ?? [];
    if (id.startsWith('mov_') && kind !== undefined)
      lines.set(id, { kind: kind as Line['kind'], amount: Number(amount) });
  }
  return lines;
}

/**
 * Makes the call that a movement is, of `amount` in Stripe's minor units. Throws what the library throws; null when the
 * answer does not show the movement.
 */
export async function moveAtStripe(
  client: Stripe,
  subject: MovementSubject,
  amount: number,
): Promise<MovementOutcome | null> {
  const { movement, attempt } = subject;
  const intentId = attempt.pspReference;
  const once = { idempotencyKey: movement.pspKey };
  switch (movement.kind) {
    case 'capture': {
      const intent = await client.paymentIntents.capture(
        intentId,
        {
          amount_to_capture: amount,
          metadata: { [movement.id]: `capture ${amount}` },
          ...(!movement.final && { final_capture: false }),
        },
        once,
      );
      return movedFromStripe(intent, subject);
    }
    case 'void':
      return movedFromStripe(await client.paymentIntents.cancel(intentId, {}, once), subject);
    case 'refund': {
      const refund = await client.refunds.create(
        {
          payment_intent: intentId,
          amount,
          metadata: { tillgate_movement: movement.id, tillgate_attempt: attempt.id },
          ...reasonToStripe(movement.reason),
        },
        once,
      );
      return refundFromStripe(refund);
    }
    case 'increment': {
      // Stripe wants the new total. Made again with its key, this finds its own line and is not made twice.
      const before = await client.paymentIntents.retrieve(intentId);
      const done = movedFromStripe(before, subject);
      if (done !== null) return done;
      const after = await client.paymentIntents.incrementAuthorization(
        intentId,
        { amount: before.amount + amount, metadata: { [movement.id]: `increment ${amount}` } },
        once,
      );
      return movedFromStripe(after, subject) && raisedFromStripe(after, before.amount);
    }
    default:
      return unreachable(movement.kind);
  }
}

/** Looks a movement up. Throws what the library throws; null when Stripe knows nothing of it. */
export async function movementAtStripe(
  client: Stripe,
  subject: MovementSubject,
): Promise<MovementOutcome | null> {
  const { attempt, movement } = subject;
  if (movement.kind !== 'refund') {
    return movedFromStripe(await client.paymentIntents.retrieve(attempt.pspReference), subject);
  }
  const refund =
    movement.state === 'pending'
      ? await client.refunds.retrieve(movement.pspReference)
      : await findRefund(client, attempt.pspReference, movement.id);
  return refund && refundFromStripe(refund);
}

/** What a PaymentIntent says about a capture, void or increment of it; null when it knows nothing of it. */
export function movedFromStripe(
  answer: unknown,
  { attempt, movement }: MovementSubject,
): MovementOutcome | null {
  const read = intentSchema.safeParse(answer);
  if (!read.success) return { kind: 'unknown', cause: 'the answer is not a PaymentIntent' };
  const intent = read.data;
  if (intent.metadata['tillgate_attempt'] !== attempt.id) {
    return { kind: 'unknown', cause: `the answer is about another attempt: ${intent.id}` };
  }
  if (movement.kind === 'void') {
    return intent.status === 'canceled' ? succeeded(intent, intent.amount - intent.amount_received) : null;
  }
  const line = linesOf(intent).get(movement.id);
  if (line === undefined) return null;
  return succeeded(intent, line.kind === 'capture' ? capturedBy(movement.id, intent) : line.amount);
}

/** Every capture that a PaymentIntent says was made, by our ids. */
export function capturesFromStripe(intent: WireIntent): [movementId: string, outcome: MovementOutcome][] {
  const captures = [...linesOf(intent)].filter(([, line]) => line.kind === 'capture');
  return captures.map(([id]) => [id, succeeded(intent, capturedBy(id, intent))]);
}

/** Stripe's own total without what its other captures took: a capture of another amount than ours shows here. */
function capturedBy(movementId: string, intent: WireIntent): number {
  let rest = intent.amount_received;
  for (const [id, line] of linesOf(intent))
    if (id !== movementId && line.kind === 'capture') rest -= line.amount;
  return rest;
}

function raisedFromStripe(after: Stripe.PaymentIntent, amountBefore: number): MovementOutcome {
  return succeeded(after, after.amount - amountBefore);
}

function succeeded(intent: Pick<WireIntent, 'id' | 'currency'>, amount: number): MovementOutcome {
  const money = moneyFromStripe(amount, intent.currency);
  if (money === null) return { kind: 'unknown', cause: `no such amount: ${amount} ${intent.currency}` };
  return { kind: 'succeeded', pspReference: intent.id, amount: money };
}

function refundFromStripe(answer: unknown): MovementOutcome {
  const read = refundSchema.safeParse(answer);
  return read.success ? refundOutcome(read.data) : { kind: 'unknown', cause: 'the answer is not a refund' };
}

export function refundOutcome(refund: WireRefund): MovementOutcome {
  switch (refund.status) {
    case 'succeeded': {
      const amount = moneyFromStripe(refund.amount, refund.currency);
      if (amount === null)
        return { kind: 'unknown', cause: `no such amount: ${refund.amount} ${refund.currency}` };
      return { kind: 'succeeded', pspReference: refund.id, amount };
    }
    case 'pending':
    case 'requires_action':
      return { kind: 'pending', pspReference: refund.id };
    case 'failed':
    case 'canceled':
      return { kind: 'reversed', pspReference: refund.id, raw: refund.failure_reason ?? refund.status };
    default:
      return unreachable(refund.status);
  }
}

function reasonToStripe(reason: RefundReason | undefined): { reason?: Exclude<RefundReason, 'other'> } {
  return reason === undefined || reason === 'other' ? {} : { reason };
}
