/** What is being judged. `login` and `account_creation` move no money, `add_card` stores a payment method. */
export type AssessmentEvent = 'account_creation' | 'add_card' | 'checkout' | 'login';

/**
 * What the storefront should do.
 * - `allow`: go on.
 * - `challenge`: prove it first: 3-D Secure at checkout and add-card, captcha or e-mail proof at sign-up and login.
 * - `review`: authorise, hold the capture, let a person look. Exists only where there is money.
 * - `block`: refuse; no PSP is called.
 */
export type Decision = 'allow' | 'challenge' | 'review' | 'block';

export const assessmentEvents: readonly AssessmentEvent[] = [
  'account_creation',
  'add_card',
  'checkout',
  'login',
];

/** The decisions a policy may take at each event. */
export const legalDecisions: Readonly<Record<AssessmentEvent, readonly Decision[]>> = {
  account_creation: ['allow', 'challenge', 'block'],
  add_card: ['allow', 'challenge', 'block'],
  checkout: ['allow', 'challenge', 'review', 'block'],
  login: ['allow', 'challenge', 'block'],
};

/** When several rules fire, the decision furthest to the right wins; among equals the first rule in the file. */
export const bySeverity: readonly Decision[] = ['allow', 'challenge', 'review', 'block'];

export function severer(a: Decision, b: Decision): Decision {
  return bySeverity.indexOf(b) > bySeverity.indexOf(a) ? b : a;
}
