import { createHash } from 'node:crypto';
import { declines, type Decline } from './declines.ts';

/** What a card's issuer, network and owner do, known from the token alone. */
export type Card = {
  readonly brand: 'visa' | 'mastercard' | 'amex' | 'discover' | 'diners' | 'jcb' | 'unionpay';
  readonly bin: string;
  readonly last4: string;
  readonly country: string;
  readonly funding: 'credit' | 'debit' | 'prepaid';
  readonly fingerprint: string;
  /** What the issuer says to an authorisation, `null` meaning yes. */
  readonly decline: Decline | null;
  /** Whether the issuer already refuses while the card is being stored. */
  readonly declinesAttach: boolean;
  readonly authentication: Authentication;
  readonly risk: { readonly score: number; readonly level: 'normal' | 'elevated' | 'highest' };
  readonly checks: { readonly cvc: Check; readonly line1: Check; readonly postal: Check };
  /** What follows a successful charge by itself. */
  readonly afterwards: Afterwards;
};

type Check = 'pass' | 'fail' | 'unchecked';

/**
 * `never`: the network has no 3-D Secure. `unenrolled`: asked for, it is only attempted. `optional`: done when asked
 * for. `required`: always, and off-session payments are declined. `unless_set_up`: as required until the card was set
 * up for off-session use. `set_up`: off-session payments pass. `broken` ones are asked for and fail technically.
 */
export type Authentication =
  | 'never'
  | 'unenrolled'
  | 'optional'
  | 'optional_broken'
  | 'required'
  | 'required_broken'
  | 'unless_set_up'
  | 'set_up';

type Afterwards =
  | 'nothing'
  | 'dispute'
  | 'dispute_not_received'
  | 'inquiry'
  | 'fraud_report'
  | 'refund_pending'
  | 'refund_fails'
  | 'settles_later';

type Trait = Partial<Omit<Card, 'decline'>> & { readonly decline?: Decline };

const normal = { score: 12, level: 'normal' } as const;
const visa: Card = {
  brand: 'visa',
  bin: '424242',
  last4: '4242',
  country: 'US',
  funding: 'credit',
  fingerprint: '',
  decline: null,
  declinesAttach: false,
  authentication: 'unenrolled',
  risk: normal,
  checks: { cvc: 'pass', line1: 'pass', postal: 'pass' },
  afterwards: 'nothing',
};

const number = (digits: string): Trait => ({ bin: digits.slice(0, 6), last4: digits.slice(-4) });
const declined = (digits: string, decline: Decline): Trait => ({
  ...number(digits),
  decline,
  declinesAttach: true,
});
const passed = visa.checks;

/** Stripe's own test tokens, https://docs.stripe.com/testing, without the `pm_card_` in front. */
const traits: Readonly<Record<string, Trait>> = {
  visa: {},
  visa_debit: { ...number('4000056655665556'), funding: 'debit' },
  mastercard: { ...number('5555555555554444'), brand: 'mastercard' },
  mastercard_debit: { ...number('5200828282828210'), brand: 'mastercard', funding: 'debit' },
  mastercard_prepaid: { ...number('5105105105105100'), brand: 'mastercard', funding: 'prepaid' },
  amex: { ...number('378282246310005'), brand: 'amex', authentication: 'never' },
  discover: { ...number('6011111111111117'), brand: 'discover', authentication: 'never' },
  diners: { ...number('3056930009020004'), brand: 'diners', authentication: 'never' },
  jcb: { ...number('3566002020360505'), brand: 'jcb', authentication: 'never' },
  unionpay: { ...number('6200000000000005'), brand: 'unionpay', authentication: 'never' },

  chargeDeclined: declined('4000000000000002', declines.generic_decline),
  chargeDeclinedInsufficientFunds: declined('4000000000009995', declines.insufficient_funds),
  chargeDeclinedLostCard: declined('4000000000009987', declines.lost_card),
  chargeDeclinedStolenCard: declined('4000000000009979', declines.stolen_card),
  chargeDeclinedExpiredCard: declined('4000000000000069', declines.expired_card),
  chargeDeclinedIncorrectCvc: {
    ...declined('4000000000000127', declines.incorrect_cvc),
    checks: { ...passed, cvc: 'fail' },
  },
  chargeDeclinedProcessingError: declined('4000000000000119', declines.processing_error),
  chargeDeclinedVelocityLimitExceeded: declined('4000000000006975', declines.card_velocity_exceeded),
  chargeDeclinedFraudulent: {
    ...declined('4100000000000019', declines.fraudulent),
    risk: { score: 92, level: 'highest' },
  },
  radarBlock: {
    ...declined('4100000000000019', declines.fraudulent),
    risk: { score: 92, level: 'highest' },
  },
  chargeCustomerFail: { ...number('4000000000000341'), decline: declines.generic_decline },

  riskLevelElevated: { ...number('4000000000009235'), risk: { score: 67, level: 'elevated' } },
  riskLevelHighest: { ...number('4000000000004954'), risk: { score: 85, level: 'highest' } },
  cvcCheckFail: { ...number('4000000000000101'), checks: { ...passed, cvc: 'fail' } },
  avsFail: { ...number('4000000000000010'), checks: { ...passed, line1: 'fail', postal: 'fail' } },
  avsZipFail: { ...number('4000000000000036'), checks: { ...passed, postal: 'fail' } },
  avsLine1Fail: { ...number('4000000000000028'), checks: { ...passed, line1: 'fail' } },
  avsUnchecked: {
    ...number('4000000000000044'),
    checks: { ...passed, line1: 'unchecked', postal: 'unchecked' },
  },

  createDispute: { ...number('4000000000000259'), afterwards: 'dispute' },
  createMultipleDisputes: { ...number('4000000404000079'), afterwards: 'dispute' },
  createDisputeProductNotReceived: { ...number('4000000000002685'), afterwards: 'dispute_not_received' },
  createDisputeInquiry: { ...number('4000000000001976'), afterwards: 'inquiry' },
  createIssuerFraudRecord: { ...number('4000000000005423'), afterwards: 'fraud_report' },
  pendingRefund: { ...number('4000000000007726'), afterwards: 'refund_pending' },
  refundFail: { ...number('4000000000005126'), afterwards: 'refund_fails' },

  threeDSecure2Required: { ...number('4000000000003220'), authentication: 'required' },
  threeDSecureRequired: { ...number('4000000000003063'), authentication: 'required' },
  threeDSecureRequiredChargeDeclined: {
    ...number('4000008400001629'),
    authentication: 'required',
    decline: declines.generic_decline,
  },
  threeDSecureRequiredProcessingError: {
    ...number('4000008400001280'),
    authentication: 'required_broken',
  },
  threeDSecureOptional: { ...number('4000000000003055'), authentication: 'optional' },
  threeDSecureOptionalProcessingError: {
    ...number('4000000000003097'),
    authentication: 'optional_broken',
  },
  authenticationRequired: { ...number('4000002760003184'), authentication: 'required' },
  authenticationRequiredOnSetup: { ...number('4000002500003155'), authentication: 'unless_set_up' },
  authenticationRequiredSetupForOffSession: { ...number('4000003800000446'), authentication: 'set_up' },
  authenticationRequiredChargeDeclinedInsufficientFunds: {
    ...number('4000008260003178'),
    authentication: 'required',
    decline: declines.insufficient_funds,
  },
};

/** What the suffix of a `pm_sandbox_<digits>_<suffix>` token may be, beside every decline code. */
const suffixes: Readonly<Record<string, Trait>> = {
  challenge: { authentication: 'required' },
  dispute: { afterwards: 'dispute' },
  fraud_report: { afterwards: 'fraud_report' },
  settles_later: { afterwards: 'settles_later' },
  refund_fails: { afterwards: 'refund_fails' },
};

/** Real issuer prefixes are not needed; these are Stripe's, spread over brands and countries. */
const issuers = [
  { brand: 'visa', bin: '424242', country: 'US', funding: 'credit' },
  { brand: 'visa', bin: '400005', country: 'US', funding: 'debit' },
  { brand: 'mastercard', bin: '555555', country: 'US', funding: 'credit' },
  { brand: 'visa', bin: '400000', country: 'GB', funding: 'credit' },
  { brand: 'mastercard', bin: '520082', country: 'DE', funding: 'debit' },
  { brand: 'visa', bin: '400025', country: 'FR', funding: 'credit' },
  { brand: 'amex', bin: '378282', country: 'US', funding: 'credit' },
  { brand: 'mastercard', bin: '510510', country: 'CA', funding: 'prepaid' },
] as const;

const known = new Map<string, Card>();

/** The card behind a token that the caller may use without making it first, if it is one. */
export function cardOfToken(token: string): Card | undefined {
  const found = known.get(token);
  if (found !== undefined) return found;
  const card = stripeCard(token) ?? sandboxCard(token);
  if (card !== undefined && known.size < 10_000) known.set(token, card);
  return card;
}

function stripeCard(token: string): Card | undefined {
  // Stripe spells some declines with the brand in the middle: pm_card_visa_chargeDeclinedLostCard.
  const name = /^pm_card_(?:visa_(?=[a-z]+[A-Z]))?(\w+)$/.exec(token)?.[1];
  if (name === undefined) return undefined;
  const trait = Object.hasOwn(traits, name)
    ? traits[name]
    : /^[a-z]{2}$/.test(name)
      ? { country: name.toUpperCase() }
      : undefined;
  if (trait === undefined) return undefined;
  const fingerprint = digest(`${trait.bin ?? ''}${trait.last4 ?? ''}${trait.country ?? ''}`);
  return { ...visa, ...trait, fingerprint: fingerprint.toString('base64url').slice(0, 16) };
}

function sandboxCard(token: string): Card | undefined {
  const [, digits = Object.hasOwn(faultTokens, token) ? '0' : undefined, suffix] =
    /^pm_sandbox_(\d+)(?:_([a-z_]+))?$/.exec(token) ?? [];
  if (digits === undefined) return undefined;
  const decline = Object.values<Decline>(declines).find((each) => each.decline_code === suffix);
  const trait = suffix === undefined ? {} : decline ? { decline } : suffixes[suffix];
  if (trait === undefined) return undefined;
  const hash = digest(digits);
  const issuer = issuers[hash.readUInt8(0) % issuers.length] ?? issuers[0];
  return {
    ...visa,
    authentication: 'optional',
    ...issuer,
    last4: String(hash.readUInt32BE(4) % 10_000).padStart(4, '0'),
    fingerprint: hash.toString('base64url').slice(0, 16),
    risk: { score: hash.readUInt8(1) % 60, level: 'normal' },
    ...trait,
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Tokens of good cards whose payment goes wrong on the wire. */
const faultTokens: Readonly<Record<string, { readonly when: 'before' | 'after'; readonly do: string }>> = {
  pm_sandbox_timeoutAfterCharge: { when: 'after', do: 'hang' },
  pm_sandbox_timeoutBeforeCharge: { when: 'before', do: 'hang' },
  pm_sandbox_errorAfterCharge: { when: 'after', do: 'error' },
  pm_sandbox_errorBeforeCharge: { when: 'before', do: 'error' },
  pm_sandbox_resetAfterCharge: { when: 'after', do: 'reset' },
  pm_sandbox_resetBeforeCharge: { when: 'before', do: 'reset' },
};

export function faultOfToken(token: string): { readonly when: string; readonly do: string } | undefined {
  return Object.hasOwn(faultTokens, token) ? faultTokens[token] : undefined;
}
