import type { IncomingMessage } from 'node:http';
import { isLuhn } from '../../observe/secrecy.ts';
import type { EdgeRefusal } from '../problem.ts';

/**
 * Thirteen digits and more, with up to three separators between two of them. A run may hold more than a card number:
 * `2026 4111 1111 1111 1111 12/27`.
 */
const run = /\d(?:[\s._/\u2010-\u2015-]{0,3}\d){12,}/g;
/** The issuer prefixes in use and the lengths of their numbers. Source: ISO/IEC 7812 and the schemes' own BIN guides. */
const issuers: readonly (readonly [RegExp, readonly number[]])[] = [
  [/^4/, [13, 16, 19]], // Visa
  [/^(?:5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16]], // Mastercard
  [/^3[47]/, [15]], // American Express
  [/^(?:6011|64[4-9]|65)/, [16, 19]], // Discover
  [/^(?:30[0-5]|3095|36|38|39)/, [14, 16]], // Diners Club
  [/^35(?:2[89]|[3-8])/, [16, 19]], // JCB
  [/^62/, [16, 17, 18, 19]], // UnionPay
  [/^(?:5018|5019|5020|5038|5893|6304|6759|676[1-3]|220[0-4]|60[78]|506[01]|9792)/, [16, 18, 19]], // Maestro and national
];

/** How people group a card number: in fours, in pairs of eight, or as American Express and Diners Club print it. */
const shapes = /^(?:\d+|4(?:,4){2,3}(?:,[1-4])?|8,8|4,6,[45]|4,3,3,3|1(?:,1)+|2(?:,2)+(?:,1)?)$/;

/** Words in front of a number that make a doubtful length a card number. */
const cardContext = /card|karte|carte|pan|cc|visa/i;

/**
 * Whether the text holds what looks like a card number: an issuer's prefix, one of that issuer's lengths, a valid Luhn
 * digit, and context that does not speak against it. A number is never looked for inside a longer row of digits, after
 * a decimal point or behind an international phone prefix: that, and not Luhn, is what keeps false alarms rare.
 */
export function hasCardNumber(text: string): boolean {
  if (!hasLongRun(text)) return false;
  const plain = plainly(text);
  run.lastIndex = 0;
  for (let found = run.exec(plain); found !== null; found = run.exec(plain)) {
    if (isCardIn(plain, found)) return true;
  }
  return false;
}

/** As somebody behind us may read it: full-width, Arabic and all other digits are digits, and what is not seen is not there. */
function plainly(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .replace(/(?![0-9])\p{Nd}/gu, (digit) => String(valueOf(digit.codePointAt(0) ?? 0)));
}

/** Unicode has the ten digits of a script in a row, the zero first. */
function valueOf(digit: number): number {
  let zero = digit;
  while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
  return (digit - zero) % 10;
}

/** The cheap question that nearly every text answers with no; a character outside ASCII may be anything. */
function hasLongRun(text: string): boolean {
  let digits = 0;
  let gap = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if ((code >= 0x30 && code <= 0x39) || code >= 0x80) {
      digits += 1;
      gap = 0;
      if (digits === 13) return true;
    } else if (
      gap < 3 &&
      (code === 0x20 || (code >= 0x2d && code <= 0x2f) || code === 0x5f || (code >= 0x09 && code <= 0x0d))
    ) {
      gap += 1;
    } else {
      digits = 0;
      gap = 0;
    }
  }
  return false;
}

function isCardIn(text: string, found: RegExpExecArray): boolean {
  const groups = [...found[0].matchAll(/\d+/g)];
  const afterPlus = text[found.index - 1] === '+';
  for (const [first, { 0: head, index }] of groups.entries()) {
    // Ones and pairs are also dates, versions and phone numbers: they count only when they are the whole run.
    if (head.length <= 2 && (first > 0 || groups.length > 19)) continue;
    let digits = '';
    let shape = '';
    for (let last = first; last < groups.length && digits.length < 19; last += 1) {
      const group = groups[last]?.[0] ?? '';
      digits += group;
      shape += shape === '' ? String(group.length) : `,${group.length}`;
      if (digits.length < 13 || !isLuhn(digits) || !isIssued(digits) || !shapes.test(shape)) continue;
      if (head.length <= 2 && last < groups.length - 1) continue;
      // Phone numbers have at most 15 digits (E.164).
      if (afterPlus && digits.length <= 15) continue;
      const start = found.index + index;
      const before = text.slice(Math.max(0, start - 32), start);
      // A double prints 16 and 17 digits behind its point: 0.4111111111111111.
      if (last === first && /\d\.$/.test(before)) continue;
      // Visa has stopped issuing 13 digits; phone numbers and shop ids of that length are everywhere.
      if (digits.length === 13 && !cardContext.test(before)) continue;
      if (last === first && isHexadecimal(text, start, digits.length)) continue;
      return true;
    }
  }
  return false;
}

/** Keys and ids are often 24 random hexadecimal digits and more; one in some hundred thousand holds a card number by chance. */
function isHexadecimal(text: string, start: number, length: number): boolean {
  const before = /[0-9a-f]*$/i.exec(text.slice(Math.max(0, start - 64), start))?.[0] ?? '';
  const after = /^[0-9a-f]*/i.exec(text.slice(start + length, start + length + 64))?.[0] ?? '';
  const letters = `${before}${after}`.replace(/\d/g, '').length;
  return before.length + length + after.length >= 24 && letters >= 4;
}

function isIssued(digits: string): boolean {
  return issuers.some(([prefix, lengths]) => lengths.includes(digits.length) && prefix.test(digits));
}

/** Headers that are digests or checked elsewhere: random hexadecimal would raise an alarm now and then. */
const unread: ReadonlySet<string> = new Set([
  'traceparent',
  'tracestate',
  'stripe-signature',
  'signature',
  'signature-input',
  'content-digest',
  'if-none-match',
]);

/**
 * Looks for a card number in the address, the headers and the body of a request, before anything is logged or stored.
 * Not meant for PSP webhooks: they are signed, and refusing a true one would lose the news about money.
 */
export function refuseCardNumber(
  { url = '', rawHeaders }: Pick<IncomingMessage, 'url' | 'rawHeaders'>,
  body: Buffer,
): EdgeRefusal | undefined {
  if (hasCardNumber(readable(url))) return refusal('the address');
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    const value = rawHeaders[at + 1] ?? '';
    if (value.length < 13 || unread.has(name.toLowerCase())) continue;
    if (hasCardNumber(readable(value))) return refusal('a header');
  }
  if (body.length < 13) return undefined;
  const text = unescaped(body.toString('utf8'));
  // Addresses of pages are stored as they come, and read decoded.
  return hasCardNumber(text) || (text.includes('%') && hasCardNumber(decoded(text)))
    ? refusal('the body')
    : undefined;
}

/** The address as the router will read it; broken percent-encoding stays as it is, and is refused elsewhere. */
function readable(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text;
  return decoded(text.replaceAll('+', ' '));
}

function decoded(text: string): string {
  return text.replace(/%([0-7][0-9a-f])/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** JSON may write a digit as \u0034, and a space between two groups as \n. */
function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text
    .replace(/\\[nrtbf]/g, ' ')
    .replaceAll('\\/', '/')
    .replace(/\\u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

function refusal(where: string): EdgeRefusal {
  return {
    ok: false,
    code: 'card_number_refused',
    detail: `There is a card number in ${where}. Send the PSP's token instead.`,
  };
}
