import { everywhere, family, feature, joining, loggingIn, paying, signingUp } from './declare.ts';
import type { Feature } from './feature.ts';
import { count, daysKnown, distinct, fact, joinedAccounts, knownFrauds } from './measures.ts';

export const deviceFeatures: readonly Feature[] = [
  feature('device.bot', fact('device.bot'), {
    events: everywhere,
    pii: 'none',
    raises: 'The browser says that it is a bot or runs without a screen',
    lowers: 'The browser looks like one that people use',
  }),
  feature('device.hints_differ', fact('device.hints_differ'), {
    events: everywhere,
    pii: 'none',
    raises: 'The browser names itself differently in two headers',
    lowers: 'The browser names itself consistently',
  }),
  feature('device.language_missing', fact('device.language_missing'), {
    events: everywhere,
    pii: 'none',
    raises: 'The browser asks for no language',
    lowers: 'The browser asks for a language',
  }),
  feature('device.time_zone_differs', fact('device.time_zone_differs'), {
    events: everywhere,
    raises: "The browser's time zone does not fit the country of the address",
    lowers: "The browser's time zone fits the country of the address",
  }),
  feature('device.referer_missing', fact('device.referer_missing'), {
    events: signingUp,
    direction: 'either',
    pii: 'none',
    raises: 'The form was opened directly, from no page',
    lowers: 'The form was reached from a page',
  }),
  feature('device.days_known', daysKnown('device'), {
    events: everywhere,
    type: 'days',
    direction: 'either',
    raises: 'The device has been seen before in a suspicious way',
    lowers: 'The device has been known for a while',
  }),
  ...family('device.accounts', ['24h', '30d'], (window) => distinct('device', 'account', window), {
    events: everywhere,
    raises: 'Several accounts on this device',
    lowers: 'One account on this device',
  }),
  ...family('device.signups', ['24h', '30d'], (window) => count('device', 'account_creation', window), {
    events: signingUp,
    raises: 'This device has signed up before',
    lowers: 'This device has not signed up',
  }),
  ...family('device.cards', ['24h'], (window) => distinct('device', 'card', window), {
    events: paying,
    raises: 'Several cards on this device',
    lowers: 'One card on this device',
  }),
  ...family('device.declines', ['1h'], (window) => count('device', 'declined', window), {
    events: paying,
    raises: 'Cards declined on this device',
    lowers: 'No cards declined on this device',
  }),
  ...family('device.logins', ['10m'], (window) => count('device', 'login', window), {
    events: loggingIn,
    raises: 'Many log-ins on this device',
    lowers: 'Few log-ins on this device',
  }),
  feature('device.known_frauds', knownFrauds('device'), {
    events: everywhere,
    type: 'count',
    raises: 'This device has been used for fraud before',
    lowers: 'No fraud is known of this device',
  }),
  ...family('ring.accounts', ['30d'], joinedAccounts, {
    events: ['account_creation', 'checkout'],
    raises: 'Accounts are joined by a shared device, address or phone',
    lowers: 'No other account shares the device, address or phone',
  }),
  feature('behaviour.form_seconds', fact('behaviour.form_seconds'), {
    events: joining,
    type: 'number',
    direction: 'down',
    pii: 'none',
    raises: 'The form was filled faster than people type',
    lowers: 'The form took as long as people take',
  }),
  feature('behaviour.pastes', fact('behaviour.pastes'), {
    events: joining,
    type: 'count',
    pii: 'none',
    raises: 'The form was filled by pasting',
    lowers: 'The form was typed',
  }),
  feature('behaviour.honeypot', fact('behaviour.honeypot'), {
    events: joining,
    pii: 'none',
    raises: 'A field that people cannot see was filled in',
    lowers: 'The field that people cannot see was left empty',
  }),
  feature('behaviour.token_age_seconds', fact('behaviour.token_age_seconds'), {
    events: joining,
    type: 'number',
    direction: 'either',
    pii: 'none',
    raises: "The form's token has an unusual age",
    lowers: "The form's token has a usual age",
  }),
];
