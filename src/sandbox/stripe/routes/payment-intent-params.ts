import { externalAuthentication } from '../three-d-secure.ts';
import {
  amount,
  amountOrZero,
  anything,
  currency,
  emptyable,
  fields,
  flag,
  group,
  list,
  metadata,
  oneOf,
  required,
  text,
  type Reader,
} from '../params.ts';

/** True, false, or the older spelling that gives a reason. */
export const offSession: Reader<boolean | undefined> = (leaf, name) =>
  leaf === 'one_off' || leaf === 'recurring' ? true : flag(leaf, name);

export const requestThreeDSecure = oneOf('automatic', 'any', 'challenge');

const paymentMethodOptions = group({
  card: group({
    request_three_d_secure: requestThreeDSecure,
    request_multicapture: oneOf('if_available', 'never'),
    request_incremental_authorization: oneOf('if_available', 'never'),
    request_extended_authorization: oneOf('if_available', 'never'),
    request_overcapture: oneOf('if_available', 'never'),
    three_d_secure: externalAuthentication,
    capture_method: oneOf('manual'),
    cvc_token: text,
    installments: anything,
    mandate_options: anything,
    moto: flag,
    network: text,
    require_cvc_recollection: flag,
    setup_future_usage: oneOf('none', 'off_session', 'on_session'),
    statement_descriptor_suffix_kana: text,
    statement_descriptor_suffix_kanji: text,
  }),
  link: anything,
});

const captureMethod = oneOf('automatic', 'automatic_async', 'manual');
const setupFutureUsage: Reader<'on_session' | 'off_session' | null | undefined> = (leaf, name) =>
  leaf === '' ? null : oneOf('on_session', 'off_session')(leaf, name);

/** May be given when an intent is made, changed or confirmed. */
const described = {
  capture_method: captureMethod,
  payment_method: text,
  payment_method_data: anything,
  payment_method_options: paymentMethodOptions,
  receipt_email: emptyable,
  setup_future_usage: setupFutureUsage,
  shipping: anything,
  payment_method_types: list(text),
  allowed_payment_method_types: anything,
  excluded_payment_method_types: anything,
  amount_details: anything,
  payment_details: anything,
  hooks: anything,
};

const labelled = {
  customer: text,
  description: emptyable,
  metadata,
  statement_descriptor: text,
  statement_descriptor_suffix: text,
  transfer_group: text,
  application_fee_amount: amountOrZero,
  transfer_data: anything,
};

const confirming = {
  off_session: offSession,
  return_url: text,
  error_on_requires_action: flag,
  use_stripe_sdk: flag,
  mandate: text,
  mandate_data: anything,
  radar_options: anything,
  confirmation_token: text,
};

export const createParams = fields({
  ...described,
  ...labelled,
  ...confirming,
  amount: required(amount),
  currency: required(currency),
  automatic_payment_methods: group({ enabled: required(flag), allow_redirects: oneOf('always', 'never') }),
  confirm: flag,
  confirmation_method: oneOf('automatic', 'manual'),
  on_behalf_of: text,
  payment_method_configuration: text,
});

export const updateParams = fields({ ...described, ...labelled, amount, currency });

export const confirmParams = fields({ ...described, ...confirming });

export const captureParams = fields({
  amount_to_capture: amountOrZero,
  final_capture: flag,
  metadata,
  statement_descriptor: text,
  statement_descriptor_suffix: text,
  application_fee_amount: amountOrZero,
  transfer_data: anything,
  amount_details: anything,
  payment_details: anything,
  hooks: anything,
});

export const cancelParams = fields({
  cancellation_reason: oneOf('duplicate', 'fraudulent', 'requested_by_customer', 'abandoned'),
});

export const incrementParams = fields({
  amount: required(amount),
  description: text,
  metadata,
  statement_descriptor: text,
  application_fee_amount: amountOrZero,
  transfer_data: anything,
  amount_details: anything,
  payment_details: anything,
  hooks: anything,
});
