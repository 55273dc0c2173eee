import type { Books } from './account.ts';
import { invalid, unexpectedState } from './api-error.ts';
import { cardOf } from './authorise.ts';
import type { Charge } from './objects/charge.ts';
import type { Refund } from './objects/refund.ts';

/** Gives captured money back. */
export function refund(
  books: Books,
  charge: Charge,
  amount: number | undefined,
  reason: string | null,
  metadata: Readonly<Record<string, string>>,
): Refund {
  if (charge.amount_captured === 0)
    throw unexpectedState(`The charge ${charge.id} has not been captured; cancel its PaymentIntent instead.`);
  if (charge.refunded)
    throw invalid(`Charge ${charge.id} has already been refunded.`, 'charge_already_refunded');
  const left = charge.amount - charge.amount_refunded;
  const wanted = amount ?? left;
  if (wanted > left)
    throw invalid(
      `Refund amount (${wanted}) is greater than unrefunded amount on charge (${left}).`,
      'amount_too_large',
      'amount',
    );
  const lost = [...books.account.tables.dispute.values()].some(
    (each) => each.charge === charge.id && !each.is_charge_refundable,
  );
  if (charge.disputed && lost)
    throw invalid(`Charge ${charge.id} has been charged back; cannot issue a refund.`, 'charge_disputed');
  const method = books.get('payment_method', charge.payment_method);
  const afterwards = method === undefined ? 'nothing' : cardOf(method).afterwards;
  const made = books.put<Refund>({
    id: books.newId('re'),
    object: 'refund',
    amount: wanted,
    balance_transaction: books.newId('txn'),
    charge: charge.id,
    created: books.now,
    currency: charge.currency,
    customer: null,
    customer_account: null,
    destination_details: { type: 'card', card: { type: 'refund' } },
    metadata,
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason,
    receipt_number: null,
    source_transfer_reversal: null,
    status: afterwards === 'refund_pending' ? 'pending' : 'succeeded',
    transfer_reversal: null,
  });
  const refunded = charge.amount_refunded + wanted;
  const after = books.put<Charge>({
    ...charge,
    amount_refunded: refunded,
    refunded: refunded === charge.amount,
  });
  books.move('refund', charge, wanted);
  books.emit('refund.created', made);
  books.emit('charge.refunded', after);
  return afterwards === 'refund_fails' ? failRefund(books, made, 'expired_or_canceled_card') : made;
}

/** The card's bank sent the money back: it is the merchant's again. */
export function failRefund(books: Books, made: Refund, reason: string): Refund {
  if (made.status === 'failed') throw invalid(`Refund ${made.id} has failed already.`);
  const failed = books.put<Refund>({ ...made, status: 'failed', failure_reason: reason });
  const charge = books.find('charge', made.charge);
  books.put<Charge>({ ...charge, amount_refunded: charge.amount_refunded - made.amount, refunded: false });
  books.move('refund_failure', charge, made.amount);
  books.emit('refund.failed', failed);
  books.emit('refund.updated', failed);
  books.emit('charge.refund.updated', failed);
  return failed;
}

/** A pending refund arrived. */
export function settleRefund(books: Books, made: Refund): Refund {
  if (made.status !== 'pending') throw invalid(`Refund ${made.id} is ${made.status}.`);
  const settled = books.put<Refund>({ ...made, status: 'succeeded' });
  books.emit('refund.updated', settled);
  books.emit('charge.refund.updated', settled);
  return settled;
}
