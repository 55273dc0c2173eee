import { buying, everywhere, exceptLogin, family, feature, joining, paying, signingUp } from './declare.ts';
import type { Feature } from './feature.ts';
import {
  count,
  countWhere,
  distinct,
  fact,
  fraudShare,
  isFree,
  knownFrauds,
  knownGoods,
} from './measures.ts';

const ip: readonly Feature[] = [
  feature('ip.datacenter', fact('ip.datacenter'), {
    events: everywhere,
    pii: 'none',
    raises: 'The address belongs to a data centre',
    lowers: 'The address does not belong to a data centre',
  }),
  feature('ip.vpn', fact('ip.vpn'), {
    events: everywhere,
    pii: 'none',
    raises: 'The address belongs to a VPN',
    lowers: 'The address does not belong to a VPN',
  }),
  feature('ip.country_differs', fact('ip.country_differs'), {
    events: paying,
    raises: 'The address is in another country than the billing address',
    lowers: 'The address is in the country of the billing address',
  }),
  ...family('ip.signups', ['10m', '1h', '24h'], (window) => count('ip', 'account_creation', window), {
    events: signingUp,
    raises: 'Many sign-ups from this address',
    lowers: 'Few sign-ups from this address',
  }),
  ...family('ip.logins', ['10m', '1h'], (window) => count('ip', 'login', window), {
    events: ['login'],
    raises: 'Many log-ins from this address',
    lowers: 'Few log-ins from this address',
  }),
  ...family('ip.declines', ['10m'], (window) => count('ip', 'declined', window), {
    events: paying,
    raises: 'Cards declined from this address',
    lowers: 'No cards declined from this address',
  }),
  ...family('ip.refusals', ['24h'], (window) => count('ip', 'refused', window), {
    events: everywhere,
    raises: 'We refused events from this address',
    lowers: 'We refused nothing from this address',
  }),
  ...family('ip.cards', ['1h'], (window) => distinct('ip', 'card', window), {
    events: paying,
    raises: 'Several cards from this address',
    lowers: 'One card from this address',
  }),
  ...family('ip.accounts', ['24h'], (window) => distinct('ip', 'account', window), {
    events: everywhere,
    raises: 'Several accounts from this address',
    lowers: 'One account from this address',
  }),
  ...family('ip.emails', ['24h'], (window) => distinct('ip', 'email', window), {
    events: signingUp,
    raises: 'Several e-mail addresses from this address',
    lowers: 'One e-mail address from this address',
  }),
  ...family('ip.devices', ['24h'], (window) => distinct('ip', 'device', window), {
    events: joining,
    raises: 'Several devices behind this address',
    lowers: 'One device behind this address',
  }),
  feature('ip.known_frauds', knownFrauds('ip'), {
    events: everywhere,
    type: 'count',
    raises: 'Frauds are known of this address',
    lowers: 'No fraud is known of this address',
  }),
];

const network: readonly Feature[] = [
  ...family(
    'network.signups',
    ['10m', '1h', '24h'],
    (window) => count('network', 'account_creation', window),
    {
      events: signingUp,
      raises: 'Many sign-ups from this network',
      lowers: 'Few sign-ups from this network',
    },
  ),
  ...family('network.declines', ['1h'], (window) => count('network', 'declined', window), {
    events: paying,
    raises: 'Cards declined from this network',
    lowers: 'No cards declined from this network',
  }),
  feature('network.known_frauds', knownFrauds('network'), {
    events: everywhere,
    type: 'count',
    raises: 'Frauds are known of this network',
    lowers: 'No fraud is known of this network',
  }),
];

const address: readonly Feature[] = [
  ...family('address.orders', ['30d'], (window) => count('address', 'checkout', window), {
    events: buying,
    raises: 'Many orders to this shipping address',
    lowers: 'Few orders to this shipping address',
  }),
  ...family('address.accounts', ['30d'], (window) => distinct('address', 'account', window), {
    events: buying,
    raises: 'Several accounts ship to this address',
    lowers: 'One account ships to this address',
  }),
  feature('address.known_frauds', knownFrauds('address'), {
    events: buying,
    type: 'count',
    raises: 'Frauds are known of this shipping address',
    lowers: 'No fraud is known of this shipping address',
  }),
];

const area: readonly Feature[] = [
  ...family('area.free_orders', ['24h', '7d'], (window) => countWhere('area', window, isFree), {
    events: buying,
    raises: 'Free orders from this billing area',
    lowers: 'No free orders from this billing area',
  }),
  feature('area.known_frauds', knownFrauds('area'), {
    events: buying,
    type: 'count',
    raises: 'Frauds are known of this billing area',
    lowers: 'No fraud is known of this billing area',
  }),
  feature('area.known_goods', knownGoods('area'), {
    events: buying,
    type: 'count',
    direction: 'down',
    raises: 'Few good orders are known of this billing area',
    lowers: 'Many good orders are known of this billing area',
  }),
  feature('region.fraud_share', fraudShare('region'), {
    events: buying,
    type: 'share',
    pii: 'none',
    raises: 'A large share of what is known of this billing region was fraud',
    lowers: 'A small share of what is known of this billing region was fraud',
  }),
  feature('area.fraud_share', fraudShare('area'), {
    events: buying,
    type: 'share',
    raises: 'A large share of what is known of this billing area was fraud',
    lowers: 'A small share of what is known of this billing area was fraud',
  }),
];

export const placeFeatures: readonly Feature[] = [...ip, ...network, ...address, ...area];

/** Sign-ups that resemble each other: one hand behind many accounts. */
export const ringFeatures: readonly Feature[] = [
  ...family('pattern.signups', ['1h', '24h'], (window) => count('pattern', 'account_creation', window), {
    events: signingUp,
    raises: 'Names and e-mail addresses of the same pattern signed up',
    lowers: 'No sign-ups of the same name and e-mail pattern',
  }),
  ...family('phone.accounts', ['30d'], (window) => distinct('phone', 'account', window), {
    events: exceptLogin,
    raises: 'Several accounts share this phone number',
    lowers: 'One account has this phone number',
  }),
  feature('phone.known_frauds', knownFrauds('phone'), {
    events: exceptLogin,
    type: 'count',
    raises: 'Frauds are known of this phone number',
    lowers: 'No fraud is known of this phone number',
  }),
];
