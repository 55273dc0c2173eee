import { z } from 'zod';
import type { AttemptOutcome, Authentication, CardFacts, NextAction } from '../../domain/payment/outcome.ts';
import { adyenExponents, fromPspAmount } from '../currency-exponents.ts';
import { present } from '../present.ts';
import type { AttemptSubject } from '../psp.ts';
import { attemptToReference } from './reference.ts';
import { declineFromAdyen } from './refusal-reasons.ts';

const texts = z.record(z.string(), z.string());

/** The parts of Adyen's answer that are read; checked, because the library's types are a promise only. */
export const paymentSchema = z.object({
  pspReference: z.string().optional(),
  merchantReference: z.string().optional(),
  resultCode: z.string(),
  amount: z.object({ value: z.number(), currency: z.string() }).nullish(),
  refusalReasonCode: z.string().optional(),
  // An instance of one of the library's classes, with a field for everything that an action may have.
  action: z
    .looseObject({})
    .transform(present<Record<string, unknown>>)
    .nullish(),
  additionalData: texts.optional(),
  fraudResult: z.object({ accountScore: z.number() }).nullish(),
});

type Payment = z.output<typeof paymentSchema>;

/** How the answer was come by: directly, or after the buyer did something. */
export type Came = 'at_once' | 'after_challenge' | 'after_fingerprint';

/** What an answer of `/payments` or `/payments/details` says about the attempt. Amounts and ids are Adyen's own. */
export function attemptFromAdyen(answer: unknown, subject: AttemptSubject, came: Came): AttemptOutcome {
  const read = paymentSchema.safeParse(answer);
  if (!read.success) return { kind: 'unknown', cause: 'the answer is not a payment' };
  const payment = read.data;
  if (!isAbout(payment, subject)) return { kind: 'unknown', cause: 'the answer is about another attempt' };
  // Until Adyen gives it one, a payment is known there by our own reference.
  const pspReference = payment.pspReference ?? attemptToReference(subject.attempt);
  switch (payment.resultCode) {
    case 'Authorised':
    case 'PartiallyAuthorised':
      return authorized(payment, pspReference, subject, came);
    case 'Refused':
    case 'Error': {
      const decline = declineFromAdyen(payment.refusalReasonCode ?? payment.resultCode);
      return { kind: 'declined', pspReference, decline, card: cardFacts(payment) };
    }
    case 'Cancelled':
      return { kind: 'canceled', pspReference };
    case 'Pending':
    case 'Received':
      return { kind: 'pending', pspReference };
    case 'RedirectShopper':
    case 'IdentifyShopper':
    case 'ChallengeShopper':
    case 'PresentToShopper':
      return payment.action
        ? { kind: 'requires_action', pspReference, action: actionOf(payment.action) }
        : { kind: 'unknown', pspReference, cause: `${payment.resultCode} without an action` };
    // The rest belongs to calls that are not made here (authentication alone, sessions).
    default:
      return { kind: 'unknown', pspReference, cause: `result ${payment.resultCode}` };
  }
}

/** Whether an answer is about this attempt; waiting payments do not carry the reference. */
function isAbout(payment: Payment, { attempt }: AttemptSubject): boolean {
  return payment.merchantReference === undefined || payment.merchantReference === attemptToReference(attempt);
}

function authorized(
  payment: Payment,
  pspReference: string,
  { attempt }: AttemptSubject,
  came: Came,
): AttemptOutcome {
  // The signed amount is in the webhook that follows.
  if (!payment.amount) return { kind: 'pending', pspReference };
  const amount = fromPspAmount(payment.amount.value, payment.amount.currency, adyenExponents);
  if (amount === null) {
    const { value, currency } = payment.amount;
    return { kind: 'unknown', pspReference, cause: `no such amount: ${value} ${currency}` };
  }
  return {
    kind: 'authorized',
    pspReference,
    amount,
    // Adyen says nothing more of a capture without delay unless it fails.
    ...(attempt.request.capture && { captured: amount }),
    card: cardFacts(payment),
    authentication: authentication(payment, attempt.request.external3ds === undefined ? came : 'externally'),
  };
}

export function actionOf(action: Readonly<Record<string, unknown>>): NextAction {
  const { type, method, url } = action;
  if (type === 'redirect' && method === 'GET' && typeof url === 'string') return { kind: 'redirect', url };
  return { kind: 'psp_library', data: { psp: 'adyen', action } };
}

export function cardFacts({ additionalData = {}, fraudResult }: Payment): CardFacts {
  const said = (name: string): string | undefined => additionalData[name];
  const funding = said('fundingSource')?.toLowerCase();
  return present<CardFacts>({
    fingerprint: said('alias'),
    bin: said('issuerBin') ?? said('cardBin'),
    last4: said('cardSummary'),
    brand: said('paymentMethod'),
    country: said('cardIssuingCountry') ?? said('issuerCountry'),
    funding: funding === 'credit' || funding === 'debit' || funding === 'prepaid' ? funding : undefined,
    networkTransactionId: said('networkTxReference'),
    avs: avsResults[numberOf(said('avsResult'))],
    cvc: cvcResults[numberOf(said('cvcResult'))],
    adyenScore: fraudResult?.accountScore,
  });
}

/** Results begin with their number: `7 Both postal code and address match`. */
function numberOf(result: string | undefined): string {
  return /^\d+/.exec(result ?? '')?.[0] ?? '';
}

/** Source: docs.adyen.com/risk-management/configure-standard-risk-rules/consistency-rules. */
const avsResults: Readonly<Record<string, NonNullable<CardFacts['avs']>>> = {
  ...Object.fromEntries(['7', '20', '21'].map((code) => [code, 'match'])),
  ...Object.fromEntries(
    ['1', '6', '9', '12', '14', '15', '22', '23', '25', '26'].map((code) => [code, 'partial']),
  ),
  ...Object.fromEntries(['2', '10', '13', '16', '17'].map((code) => [code, 'no_match'])),
};
const cvcResults: Readonly<Record<string, NonNullable<CardFacts['cvc']>>> = { '1': 'match', '2': 'no_match' };

function authentication({ additionalData = {} }: Payment, came: Came | 'externally'): Authentication {
  const eci = additionalData['eci'];
  const liability = additionalData['liabilityShift'] === 'true' ? 'issuer' : 'merchant';
  return { method: methodOf(additionalData, came), ...present<{ eci: string }>({ eci }), liability };
}

function methodOf(
  data: Readonly<Record<string, string>>,
  came: Came | 'externally',
): Authentication['method'] {
  if (data['threeDOffered'] !== 'true')
    return data['scaExemptionRequested'] === undefined ? 'none' : 'exempted';
  if (came === 'externally') return 'external';
  return came === 'after_challenge' || data['threeDOfferedResponse'] === 'C' ? 'challenge' : 'frictionless';
}
