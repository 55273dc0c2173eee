import { openOf, type Authentication, type Conclusion, type Payment } from './payment.ts';
import { authCode, cardData, networkTxReference, threeDSecureData } from './payment-answer.ts';
import { refusal, requestedAnswer, type TestAnswer } from './refusal-reason.ts';
import { latest, move, notify, type Sandbox } from './sandbox.ts';

/**
 * Ends a payment: the issuer's answer, the movements of money, the card kept for the shopper, and the webhook.
 * An acquirer that does not answer yet leaves it pending; `settle` ends it later with another answer.
 */
export function conclude(
  sandbox: Sandbox,
  payment: Payment,
  authentication: Authentication | undefined,
  given?: TestAnswer,
): void {
  const { pspReference, amount } = payment;
  const answer = given ?? issuerAnswer(payment, authentication);
  if (answer.resultCode === 'Received' || answer.resultCode === 'Pending') {
    const { resultCode } = answer;
    sandbox.ledger.append({ kind: 'state', pspReference, state: { is: 'pending', resultCode } });
    if (resultCode === 'Pending') notify(sandbox, payment, { eventCode: 'PENDING' });
    return;
  }
  const authorises = answer.resultCode === 'Authorised' || answer.resultCode === 'PartiallyAuthorised';
  const storedPaymentMethodId =
    authorises && payment.storesCard ? storeCard(sandbox, payment) : payment.storedPaymentMethodId;
  const conclusion: Conclusion = {
    resultCode: payment.authenticationOnly && authorises ? authenticated(authentication) : answer.resultCode,
    refusalReason: 'reason' in answer ? answer.reason : '',
    refusalReasonCode: 'code' in answer ? answer.code : '',
    authentication,
    storedPaymentMethodId,
  };
  sandbox.ledger.append({ kind: 'state', pspReference, state: { is: 'concluded', conclusion } });
  if (payment.authenticationOnly) return;
  const value = answer.resultCode === 'PartiallyAuthorised' ? Math.floor(amount.value / 2) : amount.value;
  if (authorises) {
    move(sandbox, payment, 'authorised', value, pspReference, payment.idempotencyKey);
    if (payment.capture.on === 'authorisation' && value > 0) {
      move(sandbox, payment, 'captured', value, pspReference, payment.idempotencyKey);
    }
  }
  const expiry = `${payment.card.expiryMonth}/${payment.card.expiryYear}`;
  notify(sandbox, payment, {
    eventCode: 'AUTHORISATION',
    success: authorises,
    amount: { value, currency: amount.currency },
    reason: authorises
      ? `${authCode(pspReference)}:${payment.card.lastFour}:${expiry}`
      : conclusion.refusalReason,
    operations: authorises ? ['CANCEL', 'CAPTURE', 'REFUND'] : [],
    additionalData: {
      ...cardData(payment),
      ...threeDSecureData(payment, authentication),
      ...(authorises && payment.storesCard
        ? { 'tokenization.storedPaymentMethodId': storedPaymentMethodId }
        : {}),
    },
  });
}

/** Captures what was to be captured later and is due now; asked before every request. */
export function captureWhatIsDue(sandbox: Sandbox): void {
  for (const pspReference of sandbox.ledger.delayed) {
    const payment = latest(sandbox, pspReference);
    if (payment.capture.on !== 'time' || payment.capture.at > sandbox.now()) continue;
    const open = openOf(payment);
    if (open > 0) move(sandbox, payment, 'captured', open, pspReference);
  }
}

/** Y and A authenticate; I tells the issuer only; everything else stops the payment. */
function issuerAnswer(payment: Payment, authentication: Authentication | undefined): TestAnswer {
  const answer = requestedAnswer(payment.requestedCode, payment.card.holderName);
  if (authentication === undefined) return answer;
  switch (authentication.transStatus) {
    case 'Y':
    case 'A': {
      // The soft decline is answered by the authentication that it asked for.
      const softDecline = answer.resultCode === 'Refused' && answer.code === '38';
      return softDecline ? { resultCode: 'Authorised' } : answer;
    }
    case 'I':
      return answer;
    case 'U':
      return refusal('42', '3DS Authentication Error');
    default:
      return refusal('11', '3D Not Authenticated');
  }
}

function authenticated(authentication: Authentication | undefined): Conclusion['resultCode'] {
  return authentication === undefined ? 'AuthenticationNotRequired' : 'AuthenticationFinished';
}

/** Keeps the card for the shopper. The same card of the same shopper is kept once. */
function storeCard(sandbox: Sandbox, payment: Payment): string {
  const { merchantAccount, shopperReference, card, recurringProcessingModel } = payment;
  for (const method of sandbox.ledger.storedMethods.values()) {
    const same =
      method.merchantAccount === merchantAccount &&
      method.shopperReference === shopperReference &&
      method.card.alias === card.alias;
    if (same) return method.id;
  }
  const id = sandbox.newReference();
  const method = {
    id,
    merchantAccount,
    shopperReference,
    card,
    recurringProcessingModel: recurringProcessingModel || 'CardOnFile',
    networkTxReference: networkTxReference(payment.pspReference),
  };
  sandbox.ledger.append({ kind: 'stored', method });
  return id;
}
