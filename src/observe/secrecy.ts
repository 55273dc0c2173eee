/**
 * The second line of defence for texts that leave the process: the first one is that logs, metrics and spans only
 * have fields from an allow-list. Each pattern names a kind of secret that must not be readable anywhere.
 */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/[^\s@"'<>()]{1,64}@[^\s@"'<>()]{1,253}/g, '[e-mail]'],
  // Our keys (sk_, pk_), our client secrets, and those of Stripe and Standard Webhooks.
  [/\b(?:sk|pk|rk|whsec|cs|ek)_[A-Za-z0-9_+/=-]{8,}/g, '[key]'],
  [/\b\w{1,40}_secret_[A-Za-z0-9]{8,}/g, '[client secret]'],
  [/\b(?:Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, '[credentials]'],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g, '[token]'],
  [/(\w+:\/\/[^\s:/@]*):[^\s@/]+@/g, '$1:[password]@'],
];

/** 12 digits and more, alone or grouped by single spaces or dashes: any of them may be a card number. */
const digits = /(?<![\w.-])\d(?:[ -]?\d){11,18}(?![\w-])/g;

/** The text without anything that looks like a secret. Withholding too much costs a look at the database, no more. */
export function withoutSecrets(text: string): string {
  if (text.length < 8) return text;
  let clean = text;
  for (const [pattern, instead] of patterns) clean = clean.replace(pattern, instead);
  return clean.replace(digits, (found) => (isLuhn(found) ? '[card number]' : found));
}

/** Whether the digits of the text, whatever stands between them, end in their Luhn check digit. Source: ISO/IEC 7812-1. */
export function isLuhn(text: string): boolean {
  let sum = 0;
  let doubled = false;
  for (let at = text.length - 1; at >= 0; at -= 1) {
    const digit = text.charCodeAt(at) - 0x30;
    if (digit < 0 || digit > 9) continue;
    const part = doubled ? digit * 2 : digit;
    sum += part > 9 ? part - 9 : part;
    doubled = !doubled;
  }
  return sum % 10 === 0;
}
