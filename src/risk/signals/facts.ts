import type { FactName, Facts } from '../../domain/risk/features/facts.ts';
import type { Address, Signals } from '../../domain/risk/signals.ts';
import { dayMs, type Instant } from '../../kernel/instant.ts';
import { decimals } from '../../kernel/money.ts';
import { emailParts, type EmailParts } from './email.ts';
import type { Reference } from './reference.ts';

/** What one event says of itself. Pure, given the reference data; an absent signal leaves its facts out. */
export function factsOf(signals: Signals, at: Instant, reference: Reference): Facts {
  const facts: Partial<Record<FactName, number>> = {};
  const say = (name: FactName, value: number | boolean | undefined): void => {
    if (value !== undefined) facts[name] = Number(value);
  };
  const { account, card, order, device, behaviour, psp, billing, shipping } = signals;

  const email = emailParts(signals.email);
  if (email) {
    const digits = email.local.replace(/\D/g, '').length;
    say('email.disposable', reference.isDisposable(email.domain));
    say('email.free', reference.isFree(email.domain));
    say('email.role', roles.has(email.local));
    say('email.tagged', email.mailbox !== email.typed);
    say('email.local_length', email.local.length);
    say('email.digit_share', digits / email.local.length);
    say('email.entropy', entropy(email.local));
    say('email.trailing_digits', /\d*$/.exec(email.local)?.[0].length);
    say('email.name_similarity', signals.name === undefined ? undefined : similarity(email, signals.name));
  }

  const ipCountry = device?.ip === undefined ? undefined : reference.countryOf(device.ip);
  if (device?.ip !== undefined) {
    say('ip.datacenter', reference.isDatacenter(device.ip));
    say('ip.vpn', reference.isVpn(device.ip));
  }
  say('ip.country_differs', differ(ipCountry, billing?.country ?? card?.country));
  if (device) {
    say('device.bot', device.userAgent === undefined ? undefined : reference.isBot(device.userAgent));
    say('device.hints_differ', hintsDiffer(device.userAgent, device.clientHints));
    say('device.language_missing', device.userAgent === undefined ? undefined : !device.acceptLanguage);
    say('device.time_zone_differs', timeZoneDiffers(device.timeZone, ipCountry, reference));
    say('device.referer_missing', device.userAgent === undefined ? undefined : !device.referer);
  }
  say('behaviour.form_seconds', behaviour?.formSeconds);
  say('behaviour.pastes', behaviour?.pastes);
  say('behaviour.honeypot', behaviour?.honeypotFilled);
  say('behaviour.token_age_seconds', behaviour?.tokenAgeSeconds);

  const daysSince = (then: Instant | undefined): number | undefined =>
    then === undefined ? undefined : (at - then) / dayMs;
  say('account.age_days', daysSince(account?.createdAt));
  say('account.email_change_days', daysSince(account?.emailChangedAt));
  say('account.address_change_days', daysSince(account?.addressChangedAt));
  say('account.sign_up_score', account?.signUpScore);

  say('card.country_differs', differ(card?.country, billing?.country ?? ipCountry));
  say('card.prepaid', card?.funding && card.funding !== 'unknown' ? card.funding === 'prepaid' : undefined);
  say('card.wallet', card === undefined ? undefined : card.wallet !== undefined);
  if (order) {
    const value = Number(order.total.amount) / 10 ** decimals(order.total.currency);
    say('order.value', value);
    say('order.free', value === 0);
    say('order.hour', new Date(at).getUTCHours());
    say('order.item_count', order.itemCount);
    say('order.digital_share', order.digitalShare);
    say('order.coupon', order.coupon);
    say('order.express', order.expressShipping);
    say('order.country_differs', differ(billing?.country, shipping?.country));
    say('order.postal_code_differs', differ(postal(billing), postal(shipping)));
    say('order.name_differs', differ(words(billing?.name), words(signals.name)));
  }

  say('psp.stripe_risk_score', psp?.stripeRiskScore);
  say('psp.adyen_score', psp?.adyenScore);
  say('psp.avs_mismatch', psp?.avs === undefined ? undefined : psp.avs === 'no_match');
  say('psp.cvc_mismatch', psp?.cvc === undefined ? undefined : psp.cvc === 'no_match');
  return facts;
}

/** Mailboxes of a function, not a person. Source: RFC 2142 and what shops see. */
const roles: ReadonlySet<string> = new Set(
  'abuse admin billing contact help hostmaster info mail marketing no-reply noreply office postmaster sales security service support webmaster'.split(
    ' ',
  ),
);

function differ(a: string | undefined, b: string | undefined): boolean | undefined {
  return a === undefined || b === undefined ? undefined : a.toUpperCase() !== b.toUpperCase();
}

const postal = (address: Address | undefined): string | undefined => address?.postalCode?.replace(/\W/g, '');

/** A name without case, accents, order and punctuation. */
function words(name: string | undefined): string | undefined {
  const found = name
    ?.normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .match(/[\p{L}\p{N}]+/gu);
  return found?.sort().join(' ');
}

/** Shannon entropy of the characters, in bits each. */
function entropy(text: string): number {
  const times = new Map<string, number>();
  for (const character of text) times.set(character, (times.get(character) ?? 0) + 1);
  let bits = 0;
  for (const seen of times.values()) bits -= (seen / text.length) * Math.log2(seen / text.length);
  return bits;
}

/** The share of the local part's letters that come from the name's words or initials, in order: 0…1. */
function similarity({ local }: EmailParts, name: string): number | undefined {
  const letters = local.replace(/[^\p{L}]/gu, '');
  const parts = words(name)?.split(' ') ?? [];
  if (letters === '' || parts.length === 0) return undefined;
  let covered = 0;
  for (const part of parts) {
    if (part.length > 1 && letters.includes(part)) covered += part.length;
    else if (letters.startsWith(part.charAt(0)) || letters.endsWith(part.charAt(0))) covered += 1;
  }
  return Math.min(1, covered / letters.length);
}

/** Whether the browser's brand in `sec-ch-ua` is missing from its user agent, or Chrome sends no hints at all. */
function hintsDiffer(userAgent: string | undefined, hints: string | undefined): boolean | undefined {
  if (userAgent === undefined || hints === undefined) return undefined;
  const version = /"(?:Google Chrome|Chromium|Microsoft Edge)";v="(\d+)"/.exec(hints)?.[1];
  return version === undefined ? /Chrome\//.test(userAgent) : !userAgent.includes(`Chrome/${version}`);
}

/** Unknown when the zone is not one that names a country. */
function timeZoneDiffers(
  zone: string | undefined,
  country: string | undefined,
  reference: Reference,
): boolean | undefined {
  const countries = zone === undefined ? undefined : reference.countriesOfZone(zone);
  return countries === undefined || country === undefined ? undefined : !countries.includes(country);
}
