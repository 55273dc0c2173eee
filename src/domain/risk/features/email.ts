import { buying, everywhere, exceptLogin, family, feature, paying, signingUp } from './declare.ts';
import type { Feature } from './feature.ts';
import {
  count,
  countWhere,
  daysKnown,
  daysSinceFraud,
  distinct,
  fact,
  fraudShare,
  isFree,
  isSameAmount,
  knownFrauds,
  knownGoods,
  minutesSince,
  novel,
  sum,
} from './measures.ts';

/** The address itself: what it looks like. */
const shape: readonly Feature[] = [
  feature('email.disposable', fact('email.disposable'), {
    events: everywhere,
    raises: 'The e-mail domain hands out throw-away addresses',
    lowers: 'The e-mail domain is not a throw-away one',
  }),
  feature('email.free', fact('email.free'), {
    events: exceptLogin,
    direction: 'either',
    raises: 'The e-mail address is from a free provider',
    lowers: 'The e-mail address is not from a free provider',
  }),
  feature('email.role', fact('email.role'), {
    events: exceptLogin,
    raises: 'The e-mail address names a role (info@, sales@), not a person',
    lowers: 'The e-mail address names a person',
  }),
  feature('email.tagged', fact('email.tagged'), {
    events: exceptLogin,
    raises: 'The e-mail address carries a +tag or extra dots',
    lowers: 'The e-mail address is in its plain form',
  }),
  feature('email.local_length', fact('email.local_length'), {
    events: signingUp,
    type: 'number',
    direction: 'either',
    pii: 'personal',
    raises: 'The part before the @ has an unusual length',
    lowers: 'The part before the @ has a usual length',
  }),
  feature('email.digit_share', fact('email.digit_share'), {
    events: signingUp,
    type: 'share',
    pii: 'personal',
    raises: 'The part before the @ is mostly digits',
    lowers: 'The part before the @ is mostly letters',
  }),
  feature('email.entropy', fact('email.entropy'), {
    events: signingUp,
    type: 'number',
    pii: 'personal',
    raises: 'The part before the @ looks random',
    lowers: 'The part before the @ looks like a name',
  }),
  feature('email.trailing_digits', fact('email.trailing_digits'), {
    events: exceptLogin,
    type: 'number',
    direction: 'either',
    pii: 'personal',
    raises: 'The part before the @ ends in an unusual number of digits',
    lowers: 'The part before the @ ends in a usual number of digits',
  }),
  feature('email.name_similarity', fact('email.name_similarity'), {
    events: exceptLogin,
    type: 'share',
    direction: 'down',
    pii: 'personal',
    raises: 'The e-mail address does not resemble the name',
    lowers: 'The e-mail address resembles the name',
  }),
];

const email: readonly Feature[] = [
  ...family('email.orders', ['1h', '24h', '7d', '30d'], (window) => count('email', 'checkout', window), {
    events: buying,
    raises: 'Many orders on this e-mail address',
    lowers: 'Few orders on this e-mail address',
  }),
  ...family('email.declines', ['24h'], (window) => count('email', 'declined', window), {
    events: paying,
    raises: 'Payments declined on this e-mail address',
    lowers: 'No payments declined on this e-mail address',
  }),
  ...family('email.spent', ['24h', '30d'], (window) => sum('email', 'checkout', window), {
    events: buying,
    type: 'amount',
    direction: 'either',
    raises: 'An unusual total ordered on this e-mail address',
    lowers: 'A usual total ordered on this e-mail address',
  }),
  ...family('email.free_orders', ['24h', '30d'], (window) => countWhere('email', window, isFree), {
    events: buying,
    raises: 'Free orders on this e-mail address',
    lowers: 'No free orders on this e-mail address',
  }),
  ...family('email.same_amount', ['24h', '30d'], (window) => countWhere('email', window, isSameAmount), {
    events: buying,
    raises: 'Orders of the same amount on this e-mail address',
    lowers: 'No orders of the same amount on this e-mail address',
  }),
  ...family('email.accounts', ['24h', '30d', '90d'], (window) => distinct('email', 'account', window), {
    events: paying,
    raises: 'Several accounts use this e-mail address',
    lowers: 'One account uses this e-mail address',
  }),
  ...family('email.areas', ['24h', '30d', '90d'], (window) => distinct('email', 'area', window), {
    events: paying,
    raises: 'Several billing areas on this e-mail address',
    lowers: 'One billing area on this e-mail address',
  }),
  ...family('email.cards', ['30d'], (window) => distinct('email', 'card', window), {
    events: paying,
    raises: 'Several cards on this e-mail address',
    lowers: 'One card on this e-mail address',
  }),
  feature('email.new_area', novel('email', 'area'), {
    events: paying,
    raises: 'A billing area that this e-mail address has not used before',
    lowers: 'A billing area that this e-mail address has used before',
  }),
  feature('email.new_account', novel('email', 'account'), {
    events: paying,
    raises: 'Another account than this e-mail address has used before',
    lowers: 'The account that this e-mail address has used before',
  }),
  feature('email.minutes_since_order', minutesSince('email', 'checkout'), {
    events: buying,
    type: 'minutes',
    direction: 'down',
    raises: 'The last order on this e-mail address was a moment ago',
    lowers: 'The last order on this e-mail address was long ago',
  }),
  feature('email.days_known', daysKnown('email'), {
    events: everywhere,
    type: 'days',
    direction: 'down',
    raises: 'This e-mail address has been known for a short time',
    lowers: 'This e-mail address has been known for a long time',
  }),
  feature('email.known_frauds', knownFrauds('email'), {
    events: everywhere,
    type: 'count',
    raises: 'This e-mail address has been used for fraud before',
    lowers: 'No fraud is known of this e-mail address',
  }),
  feature('email.known_goods', knownGoods('email'), {
    events: paying,
    type: 'count',
    direction: 'down',
    raises: 'No good order is known of this e-mail address',
    lowers: 'Good orders are known of this e-mail address',
  }),
  feature('email.fraud_share', fraudShare('email'), {
    events: paying,
    type: 'share',
    raises: 'A large share of what is known of this e-mail address was fraud',
    lowers: 'A small share of what is known of this e-mail address was fraud',
  }),
  feature('email.days_since_fraud', daysSinceFraud('email'), {
    events: paying,
    type: 'days',
    direction: 'down',
    raises: 'The last known fraud on this e-mail address was recent',
    lowers: 'The last known fraud on this e-mail address was long ago',
  }),
];

const mailbox: readonly Feature[] = [
  ...family('mailbox.variants', ['30d'], (window) => distinct('mailbox', 'email', window), {
    events: exceptLogin,
    raises: 'The same mailbox is written in several ways (dots, +tags)',
    lowers: 'The mailbox is written in one way',
  }),
  ...family('mailbox.accounts', ['30d'], (window) => distinct('mailbox', 'account', window), {
    events: exceptLogin,
    raises: 'Several accounts share this mailbox',
    lowers: 'One account has this mailbox',
  }),
  feature('mailbox.known_frauds', knownFrauds('mailbox'), {
    events: exceptLogin,
    type: 'count',
    raises: 'This mailbox has been used for fraud before',
    lowers: 'No fraud is known of this mailbox',
  }),
];

const domain: readonly Feature[] = [
  ...family('domain.signups', ['1h', '24h'], (window) => count('domain', 'account_creation', window), {
    events: signingUp,
    raises: 'Many sign-ups from this e-mail domain',
    lowers: 'Few sign-ups from this e-mail domain',
  }),
  feature('domain.days_known', daysKnown('domain'), {
    events: exceptLogin,
    type: 'days',
    direction: 'down',
    raises: 'This e-mail domain has been known for a short time',
    lowers: 'This e-mail domain has been known for a long time',
  }),
  feature('domain.known_frauds', knownFrauds('domain'), {
    events: exceptLogin,
    type: 'count',
    raises: 'Frauds are known of this e-mail domain',
    lowers: 'No fraud is known of this e-mail domain',
  }),
  feature('domain.fraud_share', fraudShare('domain'), {
    events: exceptLogin,
    type: 'share',
    raises: 'A large share of what is known of this e-mail domain was fraud',
    lowers: 'A small share of what is known of this e-mail domain was fraud',
  }),
];

export const emailFeatures: readonly Feature[] = [...shape, ...email, ...mailbox, ...domain];
