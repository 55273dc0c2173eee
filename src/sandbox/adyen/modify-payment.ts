import { unreachable } from '../../kernel/unreachable.ts';
import { openOf, refundableOf, type Payment } from './payment.ts';
import { move, notify, type Sandbox } from './sandbox.ts';
import { amountAt, ok, problem, textAt, type Amount, type Json, type Reply } from './wire.ts';

/** The last part of `/payments/{pspReference}/…`. */
export type Modification = 'captures' | 'cancels' | 'refunds' | 'reversals' | 'amountUpdates';

/**
 * Takes a modification. The answer is always `received`: whether it worked is only said by the webhook, also when
 * it is plainly impossible. The books move at once, the webhook follows.
 */
export function modifyPayment(
  sandbox: Sandbox,
  pspReference: string,
  modification: Modification,
  body: Json,
  idempotencyKey: string,
): Reply {
  const payment = sandbox.ledger.payments.get(pspReference);
  const merchantAccount = textAt(body, 'merchantAccount');
  if (
    payment === undefined ||
    payment.merchantAccount !== merchantAccount ||
    payment.state.is !== 'concluded'
  ) {
    return problem(422, '167', 'Original pspReference required for this operation');
  }
  const amount = amountAt(body, 'amount');
  const needsAmount = modification !== 'cancels' && modification !== 'reversals';
  if (needsAmount && (amount === undefined || amount.value === 0)) {
    return problem(422, '137', 'Invalid amount specified');
  }
  const by = sandbox.newReference();
  const asked: Asked = {
    by,
    idempotencyKey,
    reference: textAt(body, 'reference'),
    amount: amount ?? payment.amount,
  };
  switch (modification) {
    case 'captures':
      capture(sandbox, payment, asked);
      break;
    case 'cancels':
      cancel(sandbox, payment, asked, 'CANCELLATION');
      break;
    case 'refunds':
      refund(sandbox, payment, asked);
      break;
    case 'reversals':
      reverse(sandbox, payment, asked);
      break;
    case 'amountUpdates':
      adjust(sandbox, payment, asked);
      break;
    default:
      unreachable(modification);
  }
  return ok(
    {
      merchantAccount,
      paymentPspReference: pspReference,
      pspReference: by,
      status: 'received',
      reference: asked.reference,
      ...(needsAmount ? { amount } : {}),
    },
    201,
  );
}

/** `POST /cancels`: cancels by the merchant's own reference, also a payment whose answer was never heard. */
export function cancelByReference(sandbox: Sandbox, body: Json, idempotencyKey: string): Reply {
  const merchantAccount = textAt(body, 'merchantAccount');
  const paymentReference = textAt(body, 'paymentReference');
  if (paymentReference === '') return problem(422, '130', 'Reference Missing');
  const by = sandbox.newReference();
  for (const payment of sandbox.ledger.payments.values()) {
    if (payment.reference !== paymentReference || payment.merchantAccount !== merchantAccount) continue;
    if (payment.state.is !== 'concluded') continue;
    const asked = { by, idempotencyKey, reference: textAt(body, 'reference'), amount: payment.amount };
    cancel(sandbox, payment, asked, 'TECHNICAL_CANCEL');
  }
  return ok(
    {
      merchantAccount,
      paymentReference,
      pspReference: by,
      status: 'received',
      reference: textAt(body, 'reference'),
    },
    201,
  );
}

type Asked = {
  readonly by: string;
  readonly idempotencyKey: string;
  /** The merchant's own reference of the modification. */
  readonly reference: string;
  readonly amount: Amount;
};

const currencyDiffers = 'Currency of the modification differs from that of the payment';

function capture(sandbox: Sandbox, payment: Payment, asked: Asked): void {
  const { value, currency } = asked.amount;
  const once = !sandbox.account.multiplePartialCaptures && payment.captured > 0;
  const open = openOf(payment);
  const failure =
    currency !== payment.amount.currency
      ? currencyDiffers
      : once
        ? 'Transaction has already been captured'
        : value > open
          ? 'Insufficient balance on payment'
          : undefined;
  if (failure === undefined) {
    move(sandbox, payment, 'captured', value, asked.by, asked.idempotencyKey);
    const rest = open - value;
    if (rest > 0 && !sandbox.account.multiplePartialCaptures) {
      move(sandbox, payment, 'cancelled', rest, asked.by);
    }
  }
  tell(sandbox, payment, asked, 'CAPTURE', failure);
  // Adyen's own trigger for a capture that the scheme turns down later.
  if (failure === undefined && payment.card.holderName === 'capture failed') {
    move(sandbox, payment, 'capture_failed', value, asked.by);
    tell(sandbox, payment, asked, 'CAPTURE_FAILED', undefined, 'Capture Failed');
  }
}

function cancel(
  sandbox: Sandbox,
  payment: Payment,
  asked: Asked,
  eventCode: 'CANCELLATION' | 'TECHNICAL_CANCEL',
): void {
  const open = openOf(payment);
  const failure =
    payment.captured > 0
      ? 'Transaction is already captured'
      : open <= 0 && payment.amount.value > 0
        ? 'Transaction is not authorised or already cancelled'
        : undefined;
  if (failure === undefined) move(sandbox, payment, 'cancelled', open, asked.by, asked.idempotencyKey);
  tell(sandbox, payment, { ...asked, amount: payment.amount }, eventCode, failure);
}

function refund(sandbox: Sandbox, payment: Payment, asked: Asked): void {
  const { value, currency } = asked.amount;
  const failure =
    currency !== payment.amount.currency
      ? currencyDiffers
      : value > refundableOf(payment)
        ? 'Insufficient balance on payment'
        : undefined;
  if (failure === undefined) move(sandbox, payment, 'refunded', value, asked.by, asked.idempotencyKey);
  tell(sandbox, payment, asked, 'REFUND', failure);
  if (failure === undefined && payment.card.holderName === 'refund failed') {
    move(sandbox, payment, 'refund_failed', value, asked.by);
    tell(sandbox, payment, asked, 'REFUND_FAILED', undefined, 'Refund Failed');
  }
}

/** Cancels what is not captured, refunds what is; `modification.action` says which of the two it was. */
export function reverse(sandbox: Sandbox, payment: Payment, asked: Asked): void {
  const open = openOf(payment);
  const paidBack = refundableOf(payment);
  if (open > 0) move(sandbox, payment, 'cancelled', open, asked.by, asked.idempotencyKey);
  if (paidBack > 0) move(sandbox, payment, 'refunded', paidBack, asked.by, asked.idempotencyKey);
  notify(sandbox, payment, {
    eventCode: 'CANCEL_OR_REFUND',
    success: open > 0 || paidBack > 0,
    by: asked.by,
    amount: { ...payment.amount, value: paidBack > 0 ? paidBack : payment.amount.value },
    reason: open > 0 || paidBack > 0 ? '' : 'Insufficient balance on payment',
    merchantReference: asked.reference || payment.reference,
    additionalData: { 'modification.action': paidBack > 0 ? 'refund' : 'cancel' },
  });
}

/** Sets what is authorised to the new amount, up or down, but never below what is captured or released. */
function adjust(sandbox: Sandbox, payment: Payment, asked: Asked): void {
  const { value, currency } = asked.amount;
  const failure =
    currency !== payment.amount.currency
      ? currencyDiffers
      : openOf(payment) <= 0 || value < payment.captured + payment.cancelled
        ? 'Authorisation can no longer be adjusted'
        : undefined;
  if (failure === undefined) {
    move(sandbox, payment, 'adjusted', value - payment.authorised, asked.by, asked.idempotencyKey);
  }
  tell(sandbox, payment, asked, 'AUTHORISATION_ADJUSTMENT', failure);
}

/** The webhook of a modification carries the merchant's reference of the modification when there is one. */
function tell(
  sandbox: Sandbox,
  payment: Payment,
  asked: Asked,
  eventCode: string,
  failure: string | undefined,
  reason = '',
): void {
  notify(sandbox, payment, {
    eventCode,
    success: failure === undefined,
    by: asked.by,
    amount: asked.amount,
    reason: failure ?? reason,
    merchantReference: asked.reference || payment.reference,
  });
}
