import type { Decline, DeclineCode } from '../../domain/payment/decline.ts';

/** Adyen's `refusalReasonCode`. Source: docs.adyen.com/development-resources/refusal-reasons. */
const codes: Readonly<Record<string, DeclineCode>> = {
  '2': 'do_not_honor', // Refused
  '3': 'do_not_honor', // Referral
  '4': 'processing_error', // Acquirer Error
  '5': 'restricted_card', // Blocked Card
  '6': 'expired_card', // Expired Card
  '7': 'limit_exceeded', // Invalid Amount
  '8': 'incorrect_number', // Invalid Card Number
  '9': 'issuer_unavailable', // Issuer Unavailable
  '10': 'card_not_supported', // Not supported
  '11': 'authentication_failed', // 3D Not Authenticated
  '12': 'insufficient_funds', // Not enough balance
  '14': 'fraud_suspected', // Acquirer Fraud
  '17': 'incorrect_pin', // Invalid Pin
  '18': 'incorrect_pin', // Pin tries exceeded
  '19': 'incorrect_pin', // Pin validation not possible
  '20': 'blocked_by_psp', // FRAUD
  '21': 'processing_error', // Not Submitted
  '22': 'blocked_by_psp', // FRAUD-CANCELLED
  '23': 'transaction_not_permitted', // Transaction Not Permitted
  '24': 'incorrect_cvc', // CVC Declined
  '25': 'restricted_card', // Restricted Card
  '26': 'mandate_revoked', // Revocation Of Auth
  '27': 'do_not_honor', // Declined Non Generic
  '28': 'limit_exceeded', // Withdrawal amount exceeded
  '29': 'limit_exceeded', // Withdrawal count exceeded
  '31': 'fraud_suspected', // Issuer Suspected Fraud
  '32': 'incorrect_address', // AVS Declined
  '33': 'incorrect_pin', // Card requires online pin
  '34': 'card_not_supported', // No checking account available on Card
  '35': 'card_not_supported', // No savings account available on Card
  '36': 'incorrect_pin', // Mobile pin required
  '37': 'card_not_supported', // Contactless fallback
  '38': 'authentication_required', // Authentication required
  '39': 'authentication_failed', // RReq not received from DS
  '40': 'card_not_supported', // Current AID is in Penalty Box
  '41': 'incorrect_pin', // CVM Required Restart Payment
  '42': 'authentication_failed', // 3DS Authentication Error
  '43': 'incorrect_pin', // Online PIN required
  '44': 'limit_exceeded', // Try another interface
  '45': 'card_not_supported', // Chip downgrade mode
  '46': 'blocked_by_psp', // Transaction blocked by Adyen to prevent excessive retry fees
};

/** `errorCode` of a request that Adyen refused to submit because of what the buyer typed. */
const validation: Readonly<Record<string, DeclineCode>> = {
  '101': 'incorrect_number', // Invalid card number
  '102': 'incorrect_number', // Unable to determine variant
  '103': 'incorrect_cvc', // CVC is not the right length
  '129': 'expired_card', // Expiry Date Invalid
  '138': 'currency_not_supported', // Unsupported currency specified
  '140': 'expired_card', // Expiry month should be between 1 and 12
};

/** A code that is in no table travels as `other`. */
export function declineFromAdyen(refusalReasonCode: string): Decline {
  return { code: lookup(codes, refusalReasonCode) ?? 'other', raw: refusalReasonCode };
}

/** The decline behind a validation error; null when the buyer has nothing to do with it. */
export function declineFromValidation(errorCode: string): Decline | null {
  const code = lookup(validation, errorCode);
  return code === undefined ? null : { code, raw: errorCode };
}

function lookup(table: Readonly<Record<string, DeclineCode>>, code: string): DeclineCode | undefined {
  return Object.hasOwn(table, code) ? table[code] : undefined;
}
