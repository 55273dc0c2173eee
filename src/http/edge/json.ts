import { isUtf8 } from 'node:buffer';
import type { EdgeRefusal } from '../problem.ts';
import type { ProblemCode } from '../problem-catalogue.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type JsonLimits = { readonly depthMax: number; readonly membersMax: number };

/** Our deepest own document nests six levels; 1,000 members are ten times the largest order with its lines. */
export const jsonLimits: JsonLimits = { depthMax: 16, membersMax: 1_000 };

export type JsonRead = { readonly ok: true; readonly value: Json } | EdgeRefusal;

/**
 * Reads JSON more strictly than JSON.parse: whatever it accepts equals what JSON.parse reads, and every other parser
 * must read it alike. Refused: invalid UTF-8, a byte order mark, duplicate and prototype keys, NUL, half surrogate
 * pairs, numbers that a double changes, too much depth, too many members, anything after the value. The caller bounds
 * the number of bytes. The pointer is RFC 6901 and names the value or key at fault.
 */
export function readJson(bytes: Buffer, limits: JsonLimits = jsonLimits): JsonRead {
  if (!isUtf8(bytes)) return { ok: false, code: 'json_not_utf8', detail: 'The body is not valid UTF-8.' };
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    return { ok: false, code: 'json_byte_order_mark', detail: 'The body begins with a byte order mark.' };
  }
  const reader: Reader = {
    text: bytes.toString('utf8'),
    at: 0,
    depthLeft: limits.depthMax,
    membersLeft: limits.membersMax,
    refusal: undefined,
  };
  const value = readValue(reader);
  if (value !== refused) {
    skipSpace(reader);
    if (reader.at === reader.text.length) return { ok: true, value };
    refuse(reader, 'json_malformed', 'Something follows the JSON value');
  }
  const { code, detail, path, at } = reader.refusal ?? {
    code: 'json_malformed',
    detail: 'Not JSON',
    path: [],
    at: 0,
  };
  const pointer = path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return { ok: false, code, detail: `${detail} (character ${at + 1}).`, pointer };
}

type Reader = {
  readonly text: string;
  at: number;
  depthLeft: number;
  membersLeft: number;
  refusal: { code: ProblemCode; detail: string; path: string[]; at: number } | undefined;
};

/** Says "look into reader.refusal"; each level adds its step to the path there on the way out. */
const refused = Symbol('refused');
type Read<T> = T | typeof refused;

function refuse(reader: Reader, code: ProblemCode, detail: string, step?: string): typeof refused {
  reader.refusal = { code, detail, path: step === undefined ? [] : [step], at: reader.at };
  return refused;
}

function readValue(reader: Reader): Read<Json> {
  skipSpace(reader);
  switch (reader.text.charCodeAt(reader.at)) {
    case 0x22:
      return readText(reader);
    case 0x7b:
      return readObject(reader);
    case 0x5b:
      return readArray(reader);
    case 0x74:
      return readWord(reader, 'true', true);
    case 0x66:
      return readWord(reader, 'false', false);
    case 0x6e:
      return readWord(reader, 'null', null);
    default:
      return readNumber(reader);
  }
}

function skipSpace(reader: Reader): void {
  for (;;) {
    const code = reader.text.charCodeAt(reader.at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    reader.at += 1;
  }
}

/** Moves past the character if it comes next, white space aside. */
function take(reader: Reader, code: number): boolean {
  skipSpace(reader);
  if (reader.text.charCodeAt(reader.at) !== code) return false;
  reader.at += 1;
  return true;
}

function readWord<T extends Json>(reader: Reader, word: string, value: T): Read<T> {
  if (!reader.text.startsWith(word, reader.at))
    return refuse(reader, 'json_malformed', 'A value is expected');
  reader.at += word.length;
  return value;
}

function readArray(reader: Reader): Read<Json> {
  if (!enter(reader)) return refused;
  const array: Json[] = [];
  if (!take(reader, 0x5d)) {
    do {
      if (!count(reader)) return refused;
      const value = readValue(reader);
      if (value === refused) {
        reader.refusal?.path.unshift(String(array.length));
        return refused;
      }
      array.push(value);
    } while (take(reader, 0x2c));
    if (!take(reader, 0x5d)) return refuse(reader, 'json_malformed', 'A comma or ] is expected');
  }
  reader.depthLeft += 1;
  return array;
}

function readObject(reader: Reader): Read<Json> {
  if (!enter(reader)) return refused;
  const object: Record<string, Json> = {};
  if (!take(reader, 0x7d)) {
    do {
      if (!count(reader)) return refused;
      skipSpace(reader);
      if (reader.text.charCodeAt(reader.at) !== 0x22)
        return refuse(reader, 'json_malformed', 'A key is expected');
      const key = readText(reader);
      if (key === refused) return refused;
      if (key === '__proto__' || key === 'constructor' || key === 'prototype') {
        return refuse(reader, 'json_key_refused', 'The key is not allowed', key);
      }
      // A JSON value is never undefined, so that the slower question is asked for keys such as toString only.
      if (object[key] !== undefined && Object.hasOwn(object, key)) {
        return refuse(reader, 'json_duplicate_key', 'The key appears twice in one object', key);
      }
      if (!take(reader, 0x3a)) return refuse(reader, 'json_malformed', 'A colon is expected', key);
      const value = readValue(reader);
      if (value === refused) {
        reader.refusal?.path.unshift(key);
        return refused;
      }
      object[key] = value;
    } while (take(reader, 0x2c));
    if (!take(reader, 0x7d)) return refuse(reader, 'json_malformed', 'A comma or } is expected');
  }
  reader.depthLeft += 1;
  return object;
}

function enter(reader: Reader): boolean {
  if (reader.depthLeft === 0) {
    refuse(reader, 'json_too_deep', 'The value is nested too deeply');
    return false;
  }
  reader.depthLeft -= 1;
  reader.at += 1;
  return true;
}

function count(reader: Reader): boolean {
  if (reader.membersLeft === 0) {
    refuse(reader, 'json_too_large', 'The body has too many members');
    return false;
  }
  reader.membersLeft -= 1;
  return true;
}

function readText(reader: Reader): Read<string> {
  const { text } = reader;
  const start = reader.at;
  let escaped = false;
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      reader.at = at + 1;
      return escaped ? unescape(reader, start) : text.slice(start + 1, at);
    }
    if (code === 0x5c) {
      escaped = true;
      at += 1;
    } else if (code < 0x20) {
      reader.at = at;
      return refuse(reader, 'json_malformed', 'A text contains a control character');
    }
  }
  return refuse(reader, 'json_malformed', 'A text does not end');
}

/** Escapes are rare and full of corners: the engine reads this one text, and its result is judged. */
function unescape(reader: Reader, start: number): Read<string> {
  let text: string;
  try {
    text = JSON.parse(reader.text.slice(start, reader.at)) as string;
  } catch {
    reader.at = start;
    return refuse(reader, 'json_malformed', 'A text has a wrong escape');
  }
  if (text.includes('\0')) return refuse(reader, 'json_text_refused', 'A text contains NUL');
  if (!text.isWellFormed())
    return refuse(reader, 'json_text_refused', 'A text contains half of a surrogate pair');
  return text;
}

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

function readNumber(reader: Reader): Read<number> {
  number.lastIndex = reader.at;
  const literal = number.exec(reader.text)?.[0];
  if (literal === undefined) return refuse(reader, 'json_malformed', 'A value is expected');
  const value = Number(literal);
  if (!survives(literal, value)) {
    return refuse(reader, 'json_number_inexact', 'The number cannot be read without changing it');
  }
  reader.at += literal.length;
  return value;
}

/** Whether writing the double gives the same decimal number again; 1.50 and 15e-1 do, 9007199254740993 does not. */
function survives(literal: string, value: number): boolean {
  const written = String(value);
  if (literal === written) return true;
  if (!Number.isFinite(value) || Object.is(value, -0)) return false;
  return decimal(literal) === decimal(written);
}

/** A number's one spelling: significant digits without outer zeros, and the power of ten of the last one. */
function decimal(literal: string): string {
  const [mantissa = '', exponent = '0'] = literal.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const power = Number(exponent) - fraction.length + digits.length - significant.length;
  return `${mantissa.startsWith('-') ? '-' : ''}${significant}e${power}`;
}
