import { createHmac, hash as digest } from 'node:crypto';
import type { EntityKeys, EntityKind } from '../../domain/risk/entities.ts';
import type { Address, Signals } from '../../domain/risk/signals.ts';
import type { MerchantId } from '../../kernel/ids.ts';
import { emailParts } from './email.ts';
import { networkOf } from './network.ts';

/** Turns a merchant's signals into the keys of the entities that they name. */
export type KeysOf = (merchantId: MerchantId, signals: Signals) => EntityKeys;

/**
 * Twelve characters of base 64: 72 bits of the HMAC. Among ten million entities two collide once in a hundred million
 * runs; without the secret nobody can try e-mail addresses against a dump of the counters.
 */
const keyLength = 12;

/** A shop sees a few thousand domains, areas and card ranges again and again; hashing is a fifth of a replay's work. */
const rememberedMax = 20_000;
const oftenSeen: ReadonlySet<EntityKind> = new Set(['shop', 'domain', 'area', 'region', 'bin', 'network']);

/** `secret` is the service's velocity secret (at least 16 bytes); another secret makes every entity a new one. */
export function keysWith(secret: string | Uint8Array): KeysOf {
  const remembered = new Map<string, string>();
  // An HMAC is a hash within a hash, each behind its own block of key. Node makes two hashes in a fifth of one Hmac's time.
  const keyed = (part: string): string =>
    createHmac('sha512', secret).update(part).digest('base64url').slice(0, 64);
  const [inner, outer] = [keyed('inner'), keyed('outer')];
  const hash = (text: string): string =>
    digest('sha256', outer + digest('sha256', inner + text, 'base64url'), 'base64url').slice(0, keyLength);
  const recall = (text: string): string => {
    const known = remembered.get(text);
    if (known !== undefined) return known;
    if (remembered.size >= rememberedMax) remembered.clear();
    const key = hash(text);
    remembered.set(text, key);
    return key;
  };
  return (merchantId, signals) => {
    const keys: Partial<Record<EntityKind, string>> = {};
    const name = (kind: EntityKind, value: string | null | undefined): void => {
      if (!value) return;
      const text = `${merchantId}\n${kind}\n${value}`;
      keys[kind] = oftenSeen.has(kind) ? recall(text) : hash(text);
    };
    const email = emailParts(signals.email);
    name('account', signals.account?.id);
    name('email', email?.typed);
    name('mailbox', email?.mailbox);
    name('domain', email?.domain);
    name('card', signals.card?.fingerprint);
    name('bin', signals.card?.bin);
    name('device', signals.device?.id);
    name('ip', signals.device?.ip);
    name('network', networkOf(signals.device?.ip));
    name('address', fullAddress(signals.shipping ?? signals.billing));
    name('area', areaOf(signals.billing ?? signals.shipping));
    name('region', regionOf(signals.billing ?? signals.shipping));
    name('phone', signals.phone?.replace(/\D/g, ''));
    name('pattern', email && signals.name && patternOf(email.local, email.domain, signals.name));
    name('shop', 'all');
    return keys;
  };
}

/** A door, not a region: only an address with a street line is one. */
function fullAddress(address: Address | undefined): string | undefined {
  if (address?.line1 === undefined) return undefined;
  const { line1, city = '', postalCode = '', country = '' } = address;
  return [line1, city, postalCode, country]
    .map((part) => part.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ''))
    .join('|');
}

function areaOf(address: Address | undefined): string | undefined {
  if (address?.postalCode === undefined) return undefined;
  return `${(address.country ?? '').toUpperCase()}|${address.postalCode.replace(/\W/g, '').slice(0, 3).toUpperCase()}`;
}

function regionOf(address: Address | undefined): string | undefined {
  return address?.state === undefined ? undefined : `${address.country ?? ''}|${address.state}`.toUpperCase();
}

/** `Ann Lee <ann.lee42@mail.example>` → `Aa Aa/aa.aa9@mail.example`: runs of letters and of digits, told apart by case. */
function patternOf(local: string, domain: string, name: string): string {
  const shape = (text: string): string =>
    text
      .replace(/\p{Ll}+/gu, 'a')
      .replace(/\p{Lu}+/gu, 'A')
      .replace(/\d+/g, (digits) => '9'.repeat(digits.length));
  return `${shape(name)}/${shape(local)}@${domain}`;
}
