import type { Methods } from '../../domain/routing/methods.ts';
import type { Random } from './random.ts';

type Weighted = readonly (readonly [weight: number, method: string])[];

/** What buyers pay with at Stripe: the stand-in's tokens (src/sandbox/README.md). */
const stripe: Weighted = [
  [50, 'pm_card_visa'],
  [12, 'pm_sandbox_7_challenge'],
  [3, 'pm_card_authenticationRequired'],
  [6, 'pm_card_chargeDeclined'],
  [4, 'pm_sandbox_11_processing_error'],
  [3, 'pm_card_authenticationRequiredChargeDeclinedInsufficientFunds'],
  [5, 'pm_sandbox_23_settles_later'],
  [4, 'pm_sandbox_29_dispute'],
  [2, 'pm_sandbox_31_fraud_report'],
  [5, 'pm_sandbox_37_refund_fails'],
  [2, 'pm_card_pendingRefund'],
];

/** And at Adyen: card numbers and holders' names that make its test system answer so. */
const adyen: Weighted = [
  [50, card()],
  [14, card('4212345678901237')],
  [6, card('5201281505129736')],
  [6, card(undefined, 'DECLINED')],
  [4, card(undefined, 'ISSUER_UNAVAILABLE')],
  [4, card(undefined, 'AUTHENTICATION_REQUIRED')],
  [4, card(undefined, 'PENDING')],
  [2, card(undefined, 'PENDING_ACQUIRER')],
  [2, card(undefined, 'ERROR')],
  [3, card(undefined, 'capture failed')],
  [4, card(undefined, 'refund failed')],
  [2, card(undefined, 'PARTIALLY_AUTHORISED')],
];

/** One token, or one for each PSP: then a payment may go on at the other one. */
export function anyMethod(random: Random): string | Methods {
  const at = { stripe: random.weighted(stripe), adyen: random.weighted(adyen) };
  return random.weighted<string | Methods>([
    [40, at.stripe],
    [35, at.adyen],
    [25, at],
  ]);
}

function card(number = '4111111111111111', holderName = 'Ann'): string {
  return JSON.stringify({
    type: 'scheme',
    encryptedCardNumber: `sealed_${Buffer.from(number).toString('hex')}`,
    encryptedExpiryMonth: 'test_03',
    encryptedExpiryYear: 'test_2030',
    encryptedSecurityCode: 'test_737',
    holderName,
  });
}
