/** What a test trigger makes of an authorisation. Source: Adyen, "Testing result codes" and "Refusal reasons". */
export type TestAnswer =
  | { readonly resultCode: 'Authorised' | 'PartiallyAuthorised' | 'Received' | 'Pending' }
  | {
      readonly resultCode: 'Refused' | 'Error' | 'Cancelled';
      readonly code: string;
      readonly reason: string;
    };

/** Refusal reason code → the card holder name that triggers it, and the text Adyen answers. */
const refusals: readonly (readonly [code: string, holderName: string, reason: string])[] = [
  ['2', 'DECLINED', 'Refused'],
  ['3', 'REFERRAL', 'Referral'],
  ['5', 'BLOCK_CARD', 'Blocked Card'],
  ['6', 'CARD_EXPIRED', 'Expired Card'],
  ['6', 'EXPIRED_CARD', 'Expired Card'],
  ['7', 'INVALID_AMOUNT', 'Invalid Amount'],
  ['8', 'INVALID_CARD_NUMBER', 'Invalid Card Number'],
  ['9', 'ISSUER_UNAVAILABLE', 'Issuer Unavailable'],
  ['10', 'NOT_SUPPORTED', 'Not supported'],
  ['11', 'NOT_3D_AUTHENTICATED', '3D Not Authenticated'],
  ['12', 'NOT_ENOUGH_BALANCE', 'Not enough balance'],
  ['14', 'ACQUIRER_FRAUD', 'Acquirer Fraud'],
  ['15', 'CANCELLED', 'Cancelled'],
  ['16', 'SHOPPER_CANCELLED', 'Shopper Cancelled'],
  ['17', 'INVALID_PIN', 'Invalid Pin'],
  ['18', 'PIN_TRIES_EXCEEDED', 'Pin tries exceeded'],
  ['19', 'PIN_VALIDATION_NOT_POSSIBLE', 'Pin validation not possible'],
  ['20', 'FRAUD', 'FRAUD'],
  ['21', 'NOT_SUBMITTED', 'Not Submitted'],
  ['22', 'FRAUD_CANCELLED', 'FRAUD-CANCELLED'],
  ['23', 'TRANSACTION_NOT_PERMITTED', 'Transaction Not Permitted'],
  ['24', 'CVC_DECLINED', 'CVC Declined'],
  ['25', 'RESTRICTED_CARD', 'Restricted Card'],
  ['26', 'REVOCATION_OF_AUTH', 'Revocation Of Auth'],
  ['27', 'DECLINED_NON_GENERIC', 'Declined Non Generic'],
  ['28', 'WITHDRAWAL_AMOUNT_EXCEEDED', 'Withdrawal amount exceeded'],
  ['29', 'WITHDRAWAL_COUNT_EXCEEDED', 'Withdrawal count exceeded'],
  ['31', 'ISSUER_SUSPECTED_FRAUD', 'Issuer Suspected Fraud'],
  ['32', 'AVS_DECLINED', 'AVS Declined'],
  ['33', 'PIN_REQUIRED', 'Card requires online pin'],
  ['34', 'NO_CHECKING_ACCOUNT_AVAILABLE_ON_CARD', 'No checking account available on Card'],
  ['35', 'NO_SAVINGS_ACCOUNT_AVAILABLE_ON_CARD', 'No savings account available on Card'],
  ['36', 'MOBILE_PIN_REQUIRED', 'Mobile pin required'],
  ['37', 'CONTACTLESS_FALLBACK', 'Contactless fallback'],
  ['38', 'AUTHENTICATION_REQUIRED', 'Authentication required'],
  ['39', 'RREQ_NOT_RECEIVED', 'RReq not received from DS'],
  ['40', 'PENALTY_BOX', 'Current AID is in Penalty Box'],
  ['41', 'CVM_REQUIRED_RESTART_PAYMENT', 'CVM Required Restart Payment'],
  ['42', '3DS_AUTHENTICATION_ERROR', '3DS Authentication Error'],
];

const byTrigger = new Map<string, TestAnswer>([
  ['APPROVED', { resultCode: 'Authorised' }],
  ['1', { resultCode: 'Authorised' }],
  ['PENDING', { resultCode: 'Received' }],
  ['13', { resultCode: 'Received' }],
  // The next two are the stand-in's own: Adyen has no trigger for them.
  ['PENDING_ACQUIRER', { resultCode: 'Pending' }],
  ['PARTIALLY_AUTHORISED', { resultCode: 'PartiallyAuthorised' }],
  ['UNKNOWN', { resultCode: 'Error', code: '0', reason: 'Unknown' }],
  ['0', { resultCode: 'Error', code: '0', reason: 'Unknown' }],
  ['ERROR', { resultCode: 'Error', code: '4', reason: 'Acquirer Error' }],
  ['4', { resultCode: 'Error', code: '4', reason: 'Acquirer Error' }],
]);
for (const [code, holderName, reason] of refusals) {
  const answer = refusal(code, reason);
  byTrigger.set(holderName, answer);
  byTrigger.set(code, answer);
}

export function refusal(code: string, reason: string): TestAnswer {
  return { resultCode: 'Refused', code, reason };
}

/** The answer that `additionalData.RequestedTestAcquirerResponseCode` or else the holder name asks for. */
export function requestedAnswer(responseCode: string, holderName: string): TestAnswer {
  const authorised: TestAnswer = { resultCode: 'Authorised' };
  return byTrigger.get(responseCode) ?? byTrigger.get(holderName.split(':')[0]?.trim() ?? '') ?? authorised;
}
