import { conclude } from './conclude-payment.ts';
import { reverse } from './modify-payment.ts';
import { openOf, type Movement, type MovementType, type Payment } from './payment.ts';
import { requestedAnswer } from './refusal-reason.ts';
import { move, notify, type Sandbox } from './sandbox.ts';
import { textAt, type Json } from './wire.ts';

/** Each thing that a test can make happen to a payment afterwards, at `/_sandbox/payments/{pspReference}/{event}`. */
const events: Readonly<Record<string, (sandbox: Sandbox, payment: Payment, options: Json) => string>> = {
  capture_failed: (sandbox, payment, options) => {
    const captured = standing(payment, 'captured', options);
    if (captured === undefined) return 'nothing was captured';
    move(sandbox, payment, 'capture_failed', captured.value, captured.by);
    return said(sandbox, payment, 'CAPTURE_FAILED', captured, 'Capture Failed');
  },
  refund_failed: (sandbox, payment, options) => {
    const refunded = standing(payment, 'refunded', options);
    if (refunded === undefined) return 'nothing was refunded';
    move(sandbox, payment, 'refund_failed', refunded.value, refunded.by);
    return said(sandbox, payment, 'REFUND_FAILED', refunded, 'Refund Failed');
  },
  refund_reversed: (sandbox, payment, options) => {
    const refunded = standing(payment, 'refunded', options);
    if (refunded === undefined) return 'nothing was refunded';
    move(sandbox, payment, 'refund_reversed', refunded.value, refunded.by);
    return said(sandbox, payment, 'REFUNDED_REVERSED', refunded, 'Refund Reversed');
  },
  expire: (sandbox, payment) => {
    const value = openOf(payment);
    if (value <= 0) return 'nothing is open';
    const by = sandbox.newReference();
    move(sandbox, payment, 'expired', value, by);
    notify(sandbox, payment, { eventCode: 'EXPIRE', by, amount: { ...payment.amount, value } });
    return '';
  },
  technical_cancel: (sandbox, payment) => {
    const value = openOf(payment);
    if (value <= 0) return 'nothing is open';
    const by = sandbox.newReference();
    move(sandbox, payment, 'cancelled', value, by);
    notify(sandbox, payment, { eventCode: 'TECHNICAL_CANCEL', by });
    return '';
  },
  /** The acquirer answers at last, or an answer that was thought final is overtaken. `answer` is a holder name trigger. */
  settle: (sandbox, payment, options) => {
    if (payment.state.is === 'concluded') return 'the payment is concluded';
    conclude(sandbox, payment, undefined, requestedAnswer('', textAt(options, 'answer') || 'APPROVED'));
    return '';
  },
  review_accept: (sandbox, payment) => {
    notify(sandbox, payment, { eventCode: 'MANUAL_REVIEW_ACCEPT', by: sandbox.newReference() });
    return '';
  },
  review_reject: (sandbox, payment) => {
    notify(sandbox, payment, { eventCode: 'MANUAL_REVIEW_REJECT', by: sandbox.newReference() });
    const by = sandbox.newReference();
    reverse(sandbox, payment, { by, idempotencyKey: '', reference: '', amount: payment.amount });
    return '';
  },
  fraud: (sandbox, payment) => {
    const additionalData = { fraudReasonCode: '6', fraudReason: 'Fraudulent use of account number' };
    notify(sandbox, payment, {
      eventCode: 'NOTIFICATION_OF_FRAUD',
      by: sandbox.newReference(),
      additionalData,
    });
    return '';
  },
  request_for_information: (...given) => dispute(...given, 'REQUEST_FOR_INFORMATION', 'Undefended'),
  notification_of_chargeback: (...given) => dispute(...given, 'NOTIFICATION_OF_CHARGEBACK', 'Undefended'),
  chargeback: (...given) => dispute(...given, 'CHARGEBACK', 'Undefended'),
  information_supplied: (...given) => dispute(...given, 'INFORMATION_SUPPLIED', 'Pending'),
  defense_period_ended: (...given) => dispute(...given, 'DISPUTE_DEFENSE_PERIOD_ENDED', 'Expired'),
  chargeback_reversed: (...given) => dispute(...given, 'CHARGEBACK_REVERSED', 'Pending'),
  second_chargeback: (...given) => dispute(...given, 'SECOND_CHARGEBACK', 'Lost'),
  prearbitration_won: (...given) => dispute(...given, 'PREARBITRATION_WON', 'Won'),
  prearbitration_lost: (...given) => dispute(...given, 'PREARBITRATION_LOST', 'Lost'),
};

/** Makes it happen. Empty when it did, the reason why not otherwise, undefined when there is no such event. */
export function playEvent(
  sandbox: Sandbox,
  payment: Payment,
  event: string,
  options: Json,
): string | undefined {
  return Object.hasOwn(events, event) ? events[event]?.(sandbox, payment, options) : undefined;
}

/** How long a merchant has to defend itself; schemes give 9 to 40 days. */
const defenceDays = 14;

/** One step of a dispute. All steps of one dispute carry one reference; money moves at the two chargebacks. */
function dispute(
  sandbox: Sandbox,
  payment: Payment,
  options: Json,
  eventCode: string,
  disputeStatus: string,
): string {
  const by = payment.disputeReference ?? sandbox.newReference();
  const { pspReference, amount } = payment;
  if (payment.disputeReference === undefined) {
    sandbox.ledger.append({ kind: 'dispute', pspReference, disputeReference: by });
  }
  const value = Number(textAt(options, 'value') || payment.captured);
  const takes = eventCode === 'CHARGEBACK' || eventCode === 'SECOND_CHARGEBACK';
  if (takes && value > payment.captured - payment.chargedBack) return 'more than was captured';
  if (takes) move(sandbox, payment, 'charged_back', value, by);
  if (eventCode === 'CHARGEBACK_REVERSED') {
    if (payment.chargedBack === 0) return 'nothing was charged back';
    move(sandbox, payment, 'chargeback_reversed', payment.chargedBack, by);
  }
  notify(sandbox, payment, {
    eventCode,
    by,
    amount: { ...amount, value },
    reason: textAt(options, 'reason') || 'Other Fraud-Card Absent Environment',
    additionalData: {
      chargebackReasonCode: textAt(options, 'reasonCode') || '10.4',
      chargebackSchemeCode: payment.card.brand,
      defendable: 'true',
      defensePeriodEndsAt: new Date(sandbox.now() + defenceDays * 86_400_000).toISOString(),
      disputeStatus,
    },
  });
  return '';
}

/** The latest movement of that type that was not taken back, or the one by `options.modification`. */
function standing(payment: Payment, type: MovementType, options: Json): Movement | undefined {
  const by = textAt(options, 'modification');
  const takenBack = payment.movements.filter(({ type: how }) => /_(failed|reversed)$/.test(how));
  return payment.movements.findLast(
    (movement) =>
      movement.type === type &&
      (by === '' || movement.by === by) &&
      !takenBack.some((back) => back.by === movement.by),
  );
}

function said(
  sandbox: Sandbox,
  payment: Payment,
  eventCode: string,
  about: Movement,
  reason: string,
): string {
  const { by, value } = about;
  notify(sandbox, payment, { eventCode, by, reason, amount: { ...payment.amount, value } });
  return '';
}
