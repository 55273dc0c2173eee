import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readJson, type JsonRead } from '../../src/http/edge/json.ts';

const read = (text: string): JsonRead => readJson(Buffer.from(text));
const codeOf = (result: JsonRead): string => (result.ok ? 'accepted' : result.code);
const pointerOf = (result: JsonRead): string | undefined => (result.ok ? undefined : result.pointer);

describe('what strict JSON accepts', () => {
  test('every document that JSON.stringify writes is read back as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8, noUnicodeString: false }), (text) => {
        const result = read(text);
        // The generator makes duplicate-free objects, but may choose -0 or a key that we refuse by name.
        if (result.ok) expect(result.value).toEqual(JSON.parse(text));
        else
          expect([
            'json_key_refused',
            'json_text_refused',
            'json_too_large',
            'json_number_inexact',
          ]).toContain(result.code);
      }),
      { numRuns: 1_000 },
    );
  });

  test('most generated documents are accepted, so that the comparison compares something', () => {
    const samples = fc.sample(fc.json({ maxDepth: 8 }), { numRuns: 500, seed: 5 });
    expect(samples.filter((text) => read(text).ok).length).toBeGreaterThan(450);
  });

  test('whatever it accepts of a mutilated document, JSON.parse accepts and reads alike', () => {
    const mutilated = fc
      .tuple(
        fc.json({ maxDepth: 4 }),
        fc.nat(),
        fc.constantFrom(...Array.from('{}[]",:\\0-.e1 \n\t\u00e9tfn/')),
        fc.boolean(),
      )
      .map(([text, place, char, replace]) => {
        const at = place % (text.length + 1);
        return text.slice(0, at) + char + text.slice(replace ? at + 1 : at);
      });
    fc.assert(
      fc.property(mutilated, (text) => {
        const result = read(text);
        if (result.ok) expect(result.value).toEqual(JSON.parse(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test('whatever it calls malformed, JSON.parse refuses too', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('{}[]",:\\u0-.eE1+ \ntrfalsn')) }),
        (text) => {
          if (codeOf(read(text)) === 'json_malformed') expect(() => JSON.parse(text) as unknown).toThrow();
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test.each([
    '0',
    '0.1',
    '1.50',
    '-12.5e-3',
    '1e21',
    '9007199254740991',
    '5e-324',
    '0.0',
    '100000000000000000000',
  ])('the number %s survives', (text) => {
    expect(read(text)).toEqual({ ok: true, value: JSON.parse(text) as unknown });
  });

  test('keys that objects inherit are ordinary keys', () => {
    expect(read('{"toString":1,"hasOwnProperty":2,"valueOf":3}')).toEqual({
      ok: true,
      value: { toString: 1, hasOwnProperty: 2, valueOf: 3 },
    });
  });
});

describe('what strict JSON refuses [F9.1]', () => {
  test.each([
    ['{"a":1,"b":{"c":1,"c":2}}', 'json_duplicate_key', '/b/c'],
    ['{"a":1,"\\u0061":2}', 'json_duplicate_key', '/a'],
    ['{"toString":1,"toString":2}', 'json_duplicate_key', '/toString'],
    ['{"a":{"__proto__":{"admin":true}}}', 'json_key_refused', '/a/__proto__'],
    ['{"constructor":{"prototype":{}}}', 'json_key_refused', '/constructor'],
    ['{"x":[{"\\u0070rototype":1}]}', 'json_key_refused', '/x/0/prototype'],
    ['{"amount":1e400}', 'json_number_inexact', '/amount'],
    ['{"amount":9007199254740993}', 'json_number_inexact', '/amount'],
    ['[1,-0]', 'json_number_inexact', '/1'],
    ['[1e-400]', 'json_number_inexact', '/0'],
    ['[0.10000000000000000001]', 'json_number_inexact', '/0'],
    ['{"name":"a\\u0000b"}', 'json_text_refused', '/name'],
    ['{"name":"\\ud83d"}', 'json_text_refused', '/name'],
    ['{"a/b":{"c~d":"\\udc00x"}}', 'json_text_refused', '/a~1b/c~0d'],
    ['{"a":1} {}', 'json_malformed', ''],
    ['[1,2,]', 'json_malformed', '/2'],
    ['{"a":01}', 'json_malformed', ''],
    ["{'a':1}", 'json_malformed', ''],
    ['{"a":NaN}', 'json_malformed', '/a'],
    ['[1] // why', 'json_malformed', ''],
    ['', 'json_malformed', ''],
    ['"tab\there"', 'json_malformed', ''],
  ])('%s', (text, code, pointer) => {
    expect([codeOf(read(text)), pointerOf(read(text))]).toEqual([code, pointer]);
  });

  test('a byte order mark and bytes that are not UTF-8 [F9.3]', () => {
    expect(codeOf(readJson(Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d])))).toBe('json_byte_order_mark');
    expect(codeOf(readJson(Buffer.from([0x22, 0xff, 0x22])))).toBe('json_not_utf8');
    expect(codeOf(readJson(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])))).toBe('json_not_utf8');
    expect(codeOf(readJson(Buffer.from('{"a":1}', 'utf16le')))).not.toBe('accepted');
  });

  test('90 kB of opening brackets, without exhausting the stack [F8.8]', () => {
    expect(codeOf(read('['.repeat(90_000)))).toBe('json_too_deep');
    expect(codeOf(read('{"a":'.repeat(20_000)))).toBe('json_too_deep');
  });

  test('exactly 16 levels pass and 17 do not', () => {
    expect(codeOf(read('['.repeat(16) + ']'.repeat(16)))).toBe('accepted');
    expect(codeOf(read('['.repeat(17) + ']'.repeat(17)))).toBe('json_too_deep');
  });

  test('exactly 1,000 members pass and 10,000 keys do not [F8.10]', () => {
    const keys = (count: number): string =>
      JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, at])));
    expect(codeOf(read(keys(1_000)))).toBe('accepted');
    expect(codeOf(read(keys(1_001)))).toBe('json_too_large');
    expect(codeOf(read(keys(10_000)))).toBe('json_too_large');
  });

  test('no input leaves a trace on the prototype of objects', () => {
    read('{"__proto__":{"polluted":1}}');
    read('{"constructor":{"prototype":{"polluted":1}}}');
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});
