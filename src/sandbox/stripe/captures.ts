import type { Books } from './account.ts';
import { invalid, unexpectedState } from './api-error.ts';
import { aftermath } from './authorise.ts';
import type { Charge } from './objects/charge.ts';
import type { PaymentIntent } from './objects/payment-intent.ts';
import { mergeMetadata } from './params.ts';

type Metadata = Readonly<Record<string, string>> | null | undefined;

function heldCharge(books: Books, intent: PaymentIntent, verb: string): Charge {
  if (intent.status !== 'requires_capture' || intent.latest_charge === null)
    throw unexpectedState(
      `This PaymentIntent could not be ${verb} because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be ${verb}: requires_capture.`,
      { payment_intent: intent },
    );
  return books.find('charge', intent.latest_charge);
}

/** Takes all or part of what is held. Unless more captures were asked for and are to follow, the rest is let go. */
export function capture(
  books: Books,
  intent: PaymentIntent,
  input: {
    readonly amount_to_capture?: number | undefined;
    readonly final_capture?: boolean | undefined;
    readonly metadata?: Metadata;
  },
): PaymentIntent {
  const held = heldCharge(books, intent, 'captured');
  const amount = input.amount_to_capture ?? intent.amount_capturable;
  const multiple = intent.payment_method_options.card.request_multicapture === 'if_available';
  if (amount > intent.amount_capturable)
    throw invalid(
      `The amount_to_capture (${amount}) is greater than the amount capturable (${intent.amount_capturable}).`,
      'amount_too_large',
      'amount_to_capture',
    );
  if (input.final_capture === false && !multiple)
    throw invalid(
      'final_capture can only be false when multicapture was requested and is available.',
      undefined,
      'final_capture',
    );
  if (amount === 0 && held.amount_captured === 0)
    throw invalid(
      'This value must be greater than or equal to 1.',
      'parameter_invalid_integer',
      'amount_to_capture',
    );
  const left = intent.amount_capturable - amount;
  const final = left === 0 || input.final_capture !== false;
  const captured = held.amount_captured + amount;
  const taken = books.put<Charge>({
    ...held,
    captured: true,
    amount_captured: captured,
    // Stripe shows the part that is let go as refunded, although it was never taken.
    amount_refunded: held.amount_refunded + (final ? left : 0),
    balance_transaction: books.newId('txn'),
  });
  if (amount > 0) books.move('capture', taken, amount);
  if (final && left > 0) books.move('void', taken, left);
  const next = books.put<PaymentIntent>({
    ...intent,
    amount_capturable: final ? 0 : left,
    amount_received: captured,
    metadata: mergeMetadata(intent.metadata, input.metadata),
    status: final ? 'succeeded' : 'requires_capture',
  });
  books.emit('charge.captured', taken);
  books.emit(final ? 'payment_intent.succeeded' : 'payment_intent.amount_capturable_updated', next);
  if (final) aftermath(books, taken);
  return next;
}

const cancelable = [
  'requires_payment_method',
  'requires_confirmation',
  'requires_action',
  'requires_capture',
  'processing',
] as const;

export function cancel(books: Books, intent: PaymentIntent, reason: string | null): PaymentIntent {
  if (!cancelable.some((status) => status === intent.status))
    throw unexpectedState(
      `You cannot cancel this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be canceled: ${cancelable.join(', ')}.`,
      { payment_intent: intent },
    );
  if (intent.amount_received > 0)
    throw unexpectedState(
      'You cannot cancel this PaymentIntent because part of it has been captured. Make a final capture instead.',
      { payment_intent: intent },
    );
  release(books, intent);
  const canceled = books.put<PaymentIntent>({
    ...intent,
    amount_capturable: 0,
    canceled_at: books.now,
    cancellation_reason: reason,
    next_action: null,
    status: 'canceled',
  });
  books.emit('payment_intent.canceled', canceled);
  return canceled;
}

/** Gives the held money back to the card. Stripe shows this as a refund of the uncaptured charge. */
function release(books: Books, intent: PaymentIntent): void {
  if (intent.status !== 'requires_capture' || intent.latest_charge === null) return;
  const held = books.find('charge', intent.latest_charge);
  const released = books.put<Charge>({ ...held, amount_refunded: held.amount, refunded: true });
  books.move('void', released, intent.amount_capturable);
  books.emit('charge.refunded', released);
}

/** What the card network does when nobody captured in time. */
export function expire(books: Books, intent: PaymentIntent): PaymentIntent {
  const held = heldCharge(books, intent, 'expired');
  books.emit('charge.expired', held);
  return cancel(books, intent, 'automatic');
}

export function increment(
  books: Books,
  intent: PaymentIntent,
  input: { readonly amount: number; readonly metadata?: Metadata; readonly description?: string | undefined },
): PaymentIntent {
  const held = heldCharge(books, intent, 'incremented');
  if (intent.payment_method_options.card.request_incremental_authorization !== 'if_available')
    throw invalid('This PaymentIntent is not eligible for incremental authorization.');
  if (input.amount <= intent.amount)
    throw invalid('The amount must be greater than the amount that is authorized now.', undefined, 'amount');
  const more = input.amount - intent.amount;
  const details = held.payment_method_details;
  const raised = books.put<Charge>({
    ...held,
    amount: input.amount,
    payment_method_details: { ...details, card: { ...details.card, amount_authorized: input.amount } },
  });
  books.move('increment', raised, more);
  const next = books.put<PaymentIntent>({
    ...intent,
    amount: input.amount,
    amount_capturable: intent.amount_capturable + more,
    description: input.description ?? intent.description,
    metadata: mergeMetadata(intent.metadata, input.metadata),
  });
  books.emit('payment_intent.amount_capturable_updated', next);
  return next;
}
