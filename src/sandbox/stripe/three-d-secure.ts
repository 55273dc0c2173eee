import { anything, group, oneOf, required, text, type Read } from './params.ts';

/** The result of a 3-D Secure server other than Stripe's, as the caller hands it in. */
export const externalAuthentication = group({
  ares_trans_status: oneOf('A', 'C', 'I', 'N', 'R', 'U', 'Y'),
  cryptogram: required(text),
  electronic_commerce_indicator: oneOf('01', '02', '05', '06', '07'),
  exemption_indicator: oneOf('low_risk', 'none'),
  network_options: anything,
  requestor_challenge_indicator: text,
  transaction_id: required(text),
  version: required(oneOf('1.0.2', '2.1.0', '2.2.0', '2.3.0', '2.3.1')),
});
export type ExternalAuthentication = Exclude<Read<typeof externalAuthentication>, undefined>;

/** A charge's `payment_method_details.card.three_d_secure`. */
export type ThreeDSecure = {
  readonly authentication_flow: 'challenge' | 'frictionless' | null;
  readonly electronic_commerce_indicator: string | null;
  readonly exemption_indicator: string | null;
  readonly result:
    'attempt_acknowledged' | 'authenticated' | 'exempted' | 'failed' | 'not_supported' | 'processing_error';
  readonly result_reason: string | null;
  readonly transaction_id: string | null;
  readonly version: string | null;
};

/** How our own authentication ended. The indicator is Visa's: 05 authenticated, 06 attempted, 07 neither. */
export function ownAuthentication(
  flow: ThreeDSecure['authentication_flow'],
  result: ThreeDSecure['result'],
  transactionId: string,
): ThreeDSecure {
  return {
    authentication_flow: flow,
    electronic_commerce_indicator:
      result === 'authenticated' ? '05' : result === 'attempt_acknowledged' ? '06' : '07',
    exemption_indicator: null,
    result,
    result_reason:
      result === 'failed' ? 'rejected' : result === 'attempt_acknowledged' ? 'card_not_enrolled' : null,
    transaction_id: transactionId,
    version: result === 'not_supported' ? null : '2.2.0',
  };
}

export function fromExternal(given: ExternalAuthentication): ThreeDSecure {
  const status = given.ares_trans_status ?? 'Y';
  const exempted = given.exemption_indicator === 'low_risk';
  return {
    authentication_flow: null,
    electronic_commerce_indicator: given.electronic_commerce_indicator ?? null,
    exemption_indicator: given.exemption_indicator ?? null,
    result: exempted
      ? 'exempted'
      : status === 'Y' || status === 'C'
        ? 'authenticated'
        : status === 'A' || status === 'I'
          ? 'attempt_acknowledged'
          : 'failed',
    result_reason: null,
    transaction_id: given.transaction_id,
    version: given.version,
  };
}
