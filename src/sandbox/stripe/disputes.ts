import type { Books } from './account.ts';
import { invalid } from './api-error.ts';
import type { Charge } from './objects/charge.ts';
import type { Dispute, DisputeStatus, EarlyFraudWarning } from './objects/dispute.ts';

/** Card networks give about a week to three; Stripe shows the date by which it must have the evidence. */
const evidenceSeconds = 9 * 86_400;

/** A warning is an inquiry: the issuer asks and no money has moved. */
function isInquiry(status: DisputeStatus): boolean {
  return status.startsWith('warning_');
}

export function openDispute(
  books: Books,
  charge: Charge,
  reason: string,
  status: 'needs_response' | 'warning_needs_response',
  amount = charge.amount_captured,
): Dispute {
  if (charge.amount_captured === 0) throw invalid('An uncaptured charge cannot be disputed.');
  const dispute = books.put<Dispute>({
    id: books.newId('du'),
    object: 'dispute',
    amount,
    balance_transactions: [],
    charge: charge.id,
    created: books.now,
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: {},
    evidence_details: {
      due_by: books.now + evidenceSeconds,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: null,
    },
    intended_submission_method: null,
    is_charge_refundable: isInquiry(status),
    livemode: false,
    metadata: {},
    network_reason_code: reason === 'fraudulent' ? '10.4' : '13.1',
    payment_intent: charge.payment_intent,
    reason,
    status,
  });
  books.put<Charge>({ ...charge, disputed: true });
  books.emit('charge.dispute.created', dispute);
  if (!isInquiry(status)) {
    books.move('chargeback', charge, amount);
    books.emit('charge.dispute.funds_withdrawn', dispute);
  }
  return dispute;
}

export function closeDispute(
  books: Books,
  dispute: Dispute,
  status: 'won' | 'lost' | 'warning_closed' | 'charge_refunded',
): Dispute {
  const open: readonly DisputeStatus[] = isInquiry(status)
    ? ['warning_needs_response', 'warning_under_review']
    : ['needs_response', 'under_review'];
  if (!open.includes(dispute.status))
    throw invalid(`A dispute that is ${dispute.status} cannot become ${status}.`);
  const closed = books.put<Dispute>({ ...dispute, status, is_charge_refundable: isInquiry(status) });
  if (status === 'won') {
    const charge = books.find('charge', dispute.charge);
    books.move('chargeback_won', charge, dispute.amount);
    books.emit('charge.dispute.funds_reinstated', closed);
  }
  books.emit('charge.dispute.closed', closed);
  return closed;
}

/** The issuer's word that its card holder does not know this charge; often days before the dispute. */
export function reportFraud(books: Books, charge: Charge, fraudType: string): EarlyFraudWarning {
  const warning = books.put<EarlyFraudWarning>({
    id: books.newId('issfr'),
    object: 'radar.early_fraud_warning',
    actionable: !charge.refunded && !charge.disputed,
    charge: charge.id,
    created: books.now,
    fraud_type: fraudType,
    livemode: false,
    payment_intent: charge.payment_intent,
  });
  books.emit('radar.early_fraud_warning.created', warning);
  return warning;
}
