import { expect, test } from '@jest/globals';
import { declineFromAdyen, declineFromValidation } from '../../src/psp/adyen/refusal-reasons.ts';
import { declineFromStripe } from '../../src/psp/stripe/decline-codes.ts';

test('every decline code in Stripe’s documentation has a word of ours', () => {
  const documented =
    'authentication_required approve_with_id call_issuer card_not_supported card_velocity_exceeded currency_not_supported do_not_honor do_not_try_again duplicate_transaction expired_card fraudulent generic_decline incorrect_address incorrect_number incorrect_cvc incorrect_pin incorrect_zip insufficient_funds invalid_account invalid_amount invalid_cvc invalid_expiry_month invalid_expiry_year invalid_number invalid_pin issuer_not_available lost_card merchant_blacklist mobile_device_authentication_required new_account_information_available no_action_taken not_permitted offline_pin_required online_or_offline_pin_required pickup_card pin_try_exceeded processing_error reenter_transaction restricted_card revocation_of_all_authorizations revocation_of_authorization security_violation service_not_allowed stolen_card stop_payment_order testmode_decline transaction_not_allowed try_again_later withdrawal_count_limit_exceeded';
  const missing = documented.split(' ').filter((code) => declineFromStripe(code).code === 'other');
  expect(missing).toEqual([]);
});

test('every refusal reason in Adyen’s documentation has a word of ours', () => {
  // 0 is none, 1 does not exist, 13 and 30 are not documented; 15 and 16 are cancellations.
  const without = new Set([13, 15, 16, 30]);
  const documented = Array.from({ length: 45 }, (_, index) => index + 2).filter((code) => !without.has(code));
  expect(documented.filter((code) => declineFromAdyen(String(code)).code === 'other')).toEqual([]);
});

test('a code that nobody documented travels verbatim', () => {
  for (const raw of ['brand_new_code', '999', '', 'constructor', '__proto__', 'toString']) {
    expect(declineFromStripe(raw)).toEqual({ code: 'other', raw });
    expect(declineFromAdyen(raw)).toEqual({ code: 'other', raw });
    expect(declineFromValidation(raw)).toBeNull();
  }
});
