/**
 * Every id says what it names: `pay_…` cannot be passed where `ord_…` is wanted.
 *
 * The part after the prefix is 26 characters of Crockford base 32: 48 bits of milliseconds, then 80 random bits.
 * Ids made later sort later, so that they make good primary keys and cursors; they never contain `:`, which
 * Adyen's webhook signature uses as its separator.
 */
export type Id<Prefix extends string> = `${Prefix}_${string}`;

export type MerchantId = Id<'mer'>;
export type ApiKeyId = Id<'key'>;
export type CheckoutId = Id<'chk'>;
export type OrderId = Id<'ord'>;
export type PaymentId = Id<'pay'>;
export type AttemptId = Id<'att'>;
export type MovementId = Id<'mov'>;
export type CustomerId = Id<'cus'>;
export type PaymentMethodId = Id<'pm'>;
export type AssessmentId = Id<'asm'>;
export type ReviewId = Id<'rev'>;
export type LabelId = Id<'lab'>;
export type EventId = Id<'evt'>;
export type RequestId = Id<'req'>;
export type DisputeId = Id<'dsp'>;
export type WebhookEndpointId = Id<'whe'>;
export type AttackId = Id<'atk'>;
export type EntryId = Id<'ent'>;
export type ShadowId = Id<'shp'>;

/** Makes a new id. Passed in wherever ids are made, so that a test or a replay can choose them. */
export type NewId = <Prefix extends string>(prefix: Prefix) => Id<Prefix>;

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** Builds an id from its instant (milliseconds since 1970) and ten random bytes. */
export function idFrom<Prefix extends string>(prefix: Prefix, atMs: number, random: Uint8Array): Id<Prefix> {
  let time = '';
  for (let rest = atMs, digit = 0; digit < 10; digit += 1) {
    time = alphabet.charAt(rest % 32) + time;
    rest = Math.floor(rest / 32);
  }
  let tail = '';
  let bits = 0;
  let held = 0;
  for (const byte of random.subarray(0, 10)) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      tail += alphabet.charAt((held >> bits) & 31);
    }
    held &= (1 << bits) - 1;
  }
  return `${prefix}_${time}${tail}`;
}

/** Whether a string is an id of this kind, as `idFrom` writes it. */
export function isId<Prefix extends string>(prefix: Prefix, value: string): value is Id<Prefix> {
  return value.startsWith(`${prefix}_`) && /^[0-9a-hjkmnp-tv-z]{26}$/.test(value.slice(prefix.length + 1));
}
