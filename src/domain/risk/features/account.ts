import { buying, everywhere, family, feature, loggingIn, paying, signingUp } from './declare.ts';
import type { Feature } from './feature.ts';
import {
  count,
  daysKnown,
  distinct,
  fact,
  fraudShare,
  knownFrauds,
  knownGoods,
  minutesSince,
  novel,
  toHabit,
} from './measures.ts';

const account: readonly Feature[] = [
  feature('account.age_days', fact('account.age_days'), {
    events: ['add_card', 'checkout', 'login'],
    type: 'days',
    direction: 'down',
    raises: 'The account is young',
    lowers: 'The account is old',
  }),
  feature('account.minutes_since_signup', minutesSince('account', 'account_creation'), {
    events: paying,
    type: 'minutes',
    direction: 'down',
    raises: 'The account was made moments ago',
    lowers: 'The account was made a while ago',
  }),
  feature('account.email_change_days', fact('account.email_change_days'), {
    events: ['add_card', 'checkout', 'login'],
    type: 'days',
    direction: 'down',
    raises: "The account's e-mail address was changed recently",
    lowers: "The account's e-mail address was changed long ago",
  }),
  feature('account.address_change_days', fact('account.address_change_days'), {
    events: buying,
    type: 'days',
    direction: 'down',
    raises: "The account's address was changed recently",
    lowers: "The account's address was changed long ago",
  }),
  feature('account.sign_up_score', fact('account.sign_up_score'), {
    events: paying,
    type: 'share',
    raises: 'The account looked risky when it signed up',
    lowers: 'The account looked fine when it signed up',
  }),
  feature('account.days_known', daysKnown('account'), {
    events: paying,
    type: 'days',
    direction: 'down',
    raises: 'This account has been active for a short time',
    lowers: 'This account has been active for a long time',
  }),
  ...family('account.orders', ['24h', '30d'], (window) => count('account', 'checkout', window), {
    events: buying,
    direction: 'either',
    raises: 'An unusual number of orders on this account',
    lowers: 'A usual number of orders on this account',
  }),
  ...family('account.succeeded', ['30d'], (window) => count('account', 'succeeded', window), {
    events: paying,
    direction: 'down',
    raises: 'No successful payments on this account',
    lowers: 'Successful payments on this account',
  }),
  ...family('account.declines', ['1h'], (window) => count('account', 'declined', window), {
    events: paying,
    raises: 'Payments declined on this account',
    lowers: 'No payments declined on this account',
  }),
  ...family('account.cards', ['24h'], (window) => distinct('account', 'card', window), {
    events: paying,
    raises: 'Several cards on this account',
    lowers: 'One card on this account',
  }),
  ...family('account.emails', ['30d'], (window) => distinct('account', 'email', window), {
    events: paying,
    raises: 'Several e-mail addresses on this account',
    lowers: 'One e-mail address on this account',
  }),
  ...family('account.logins', ['10m', '24h'], (window) => count('account', 'login', window), {
    events: loggingIn,
    raises: 'Many log-ins on this account',
    lowers: 'Few log-ins on this account',
  }),
  feature('account.new_device', novel('account', 'device'), {
    events: ['checkout', 'login'],
    raises: 'A device that this account has not used before',
    lowers: 'A device that this account has used before',
  }),
  feature('account.minutes_since_order', minutesSince('account', 'checkout'), {
    events: buying,
    type: 'minutes',
    direction: 'either',
    raises: 'The last order on this account was a moment ago',
    lowers: 'The last order on this account was a while ago',
  }),
  feature('account.known_frauds', knownFrauds('account'), {
    events: everywhere,
    type: 'count',
    raises: 'This account has been used for fraud before',
    lowers: 'No fraud is known of this account',
  }),
  feature('account.fraud_share', fraudShare('account'), {
    events: paying,
    type: 'share',
    raises: 'A large share of what is known of this account was fraud',
    lowers: 'A small share of what is known of this account was fraud',
  }),
  feature('account.known_goods', knownGoods('account'), {
    events: paying,
    type: 'count',
    direction: 'down',
    raises: 'No good order is known of this account',
    lowers: 'Good orders are known of this account',
  }),
];

const order: readonly Feature[] = [
  feature('order.value', fact('order.value'), {
    events: buying,
    type: 'amount',
    direction: 'either',
    pii: 'none',
    raises: 'The order has an unusual value',
    lowers: 'The order has a usual value',
  }),
  feature('order.free', fact('order.free'), {
    events: buying,
    pii: 'none',
    raises: 'The order costs nothing: a trial, or a card being tried out',
    lowers: 'The order costs something',
  }),
  feature('order.hour', fact('order.hour'), {
    events: buying,
    type: 'number',
    direction: 'either',
    pii: 'none',
    raises: 'The order comes at an unusual hour',
    lowers: 'The order comes at a usual hour',
  }),
  ...family('order.to_email_habit', ['30d'], (window) => toHabit('email', window), {
    events: buying,
    type: 'number',
    direction: 'either',
    raises: "The order's value differs from the habit of this e-mail address",
    lowers: "The order's value is in the habit of this e-mail address",
  }),
  feature('order.item_count', fact('order.item_count'), {
    events: buying,
    type: 'number',
    direction: 'either',
    pii: 'none',
    raises: 'An unusual number of items',
    lowers: 'A usual number of items',
  }),
  feature('order.digital_share', fact('order.digital_share'), {
    events: buying,
    type: 'share',
    pii: 'none',
    raises: 'The order is mostly digital goods',
    lowers: 'The order is mostly goods that are shipped',
  }),
  feature('order.coupon', fact('order.coupon'), {
    events: buying,
    direction: 'either',
    pii: 'none',
    raises: 'A coupon is used',
    lowers: 'No coupon is used',
  }),
  feature('order.express', fact('order.express'), {
    events: buying,
    pii: 'none',
    raises: 'The order is to be shipped express',
    lowers: 'The order is to be shipped normally',
  }),
  feature('order.country_differs', fact('order.country_differs'), {
    events: buying,
    raises: 'Billing and shipping are in different countries',
    lowers: 'Billing and shipping are in the same country',
  }),
  feature('order.postal_code_differs', fact('order.postal_code_differs'), {
    events: buying,
    raises: 'Billing and shipping have different postal codes',
    lowers: 'Billing and shipping have the same postal code',
  }),
  feature('order.name_differs', fact('order.name_differs'), {
    events: buying,
    raises: 'The name on the billing address is not the account’s',
    lowers: 'The name on the billing address is the account’s',
  }),
];

const shop: readonly Feature[] = [
  ...family('shop.signups', ['10m', '1h'], (window) => count('shop', 'account_creation', window), {
    events: signingUp,
    pii: 'none',
    raises: 'The whole shop sees many sign-ups',
    lowers: 'The whole shop sees few sign-ups',
  }),
];

export const accountFeatures: readonly Feature[] = [...account, ...order, ...shop];
