import { family, feature, paying } from './declare.ts';
import type { Feature } from './feature.ts';
import { count, distinct, fact, fraudShare, knownFrauds, share, sum } from './measures.ts';

export const cardFeatures: readonly Feature[] = [
  feature('card.country_differs', fact('card.country_differs'), {
    events: paying,
    raises: 'The card is from another country than the address it is used from',
    lowers: 'The card is from the country it is used in',
  }),
  feature('card.prepaid', fact('card.prepaid'), {
    events: paying,
    pii: 'none',
    raises: 'The card is prepaid',
    lowers: 'The card is not prepaid',
  }),
  feature('card.wallet', fact('card.wallet'), {
    events: paying,
    direction: 'down',
    pii: 'none',
    raises: 'The card is not in a wallet',
    lowers: 'The card is in a wallet that knows its owner',
  }),
  ...family('card.attempts', ['24h'], (window) => count('card', 'checkout', window), {
    events: paying,
    raises: 'Many attempts with this card',
    lowers: 'Few attempts with this card',
  }),
  ...family('card.declines', ['1h'], (window) => count('card', 'declined', window), {
    events: paying,
    raises: 'This card was declined',
    lowers: 'This card was not declined',
  }),
  ...family('card.spent', ['24h'], (window) => sum('card', 'checkout', window), {
    events: paying,
    type: 'amount',
    raises: 'A large total with this card',
    lowers: 'A small total with this card',
  }),
  ...family('card.accounts', ['30d'], (window) => distinct('card', 'account', window), {
    events: paying,
    raises: 'Several accounts use this card',
    lowers: 'One account uses this card',
  }),
  feature('card.known_frauds', knownFrauds('card'), {
    events: paying,
    type: 'count',
    raises: 'This card has been used for fraud before',
    lowers: 'No fraud is known of this card',
  }),
  ...family('bin.declines', ['10m'], (window) => count('bin', 'declined', window), {
    events: paying,
    raises: 'Cards of this issuer range were declined',
    lowers: 'No cards of this issuer range were declined',
  }),
  feature('bin.fraud_share', fraudShare('bin'), {
    events: paying,
    type: 'share',
    pii: 'none',
    raises: 'A large share of what is known of this issuer range was fraud',
    lowers: 'A small share of what is known of this issuer range was fraud',
  }),
  ...family('shop.decline_share', ['10m'], (window) => share('shop', 'declined', 'succeeded', window), {
    events: paying,
    type: 'share',
    pii: 'none',
    raises: 'The whole shop sees many declines',
    lowers: 'The whole shop sees few declines',
  }),
  feature('psp.stripe_risk_score', fact('psp.stripe_risk_score'), {
    events: paying,
    type: 'number',
    raises: 'Stripe scores this payment as risky',
    lowers: 'Stripe scores this payment as safe',
  }),
  feature('psp.adyen_score', fact('psp.adyen_score'), {
    events: paying,
    type: 'number',
    raises: 'Adyen scores this payment as risky',
    lowers: 'Adyen scores this payment as safe',
  }),
  feature('psp.avs_mismatch', fact('psp.avs_mismatch'), {
    events: paying,
    raises: 'The issuer does not know this billing address',
    lowers: 'The issuer knows this billing address',
  }),
  feature('psp.cvc_mismatch', fact('psp.cvc_mismatch'), {
    events: paying,
    raises: 'The security code was wrong',
    lowers: 'The security code was right',
  }),
];
