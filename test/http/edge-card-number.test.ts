import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hasCardNumber, refuseCardNumber } from '../../src/http/edge/card-number.ts';
import { idFrom } from '../../src/kernel/ids.ts';
import { isLuhn } from '../../src/observe/secrecy.ts';
import { showFigure } from '../harness/figure.ts';

// The test numbers that the schemes and PSPs publish.
const published = {
  visa: '4111111111111111',
  visa19: '4000000000000000006',
  mastercard: '5555555555554444',
  mastercard2: '2223003122003222',
  amex: '378282246310005',
  discover: '6011111111111117',
  diners: '36227206271667',
  jcb: '3566002020360505',
  unionpay: '6200000000000005',
  maestro: '6759649826438453',
};

/** A small generator with a seed, so that the measured rates are the same in every run. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

describe('a card number is found', () => {
  test.each(Object.entries(published))('of %s: bare, grouped, quoted and as a number', (_name, pan) => {
    const grouped =
      pan.length === 15 || pan.length === 14
        ? /^(\d{4})(\d{6})(\d+)$/
        : /^(\d{4})(\d{4})(\d{4})(\d{4})(\d*)$/;
    const groups = grouped
      .exec(pan)!
      .slice(1)
      .filter((group) => group !== '');
    const texts = [
      pan,
      groups.join(' '),
      groups.join('-'),
      groups.join('.'),
      groups.join(' - '),
      groups.join('\u00a0'),
      Array.from(pan).join(' '),
      `{"note":"my card is ${groups.join(' ')} 12/27"}`,
      `{"amount":${pan}}`,
      `order${pan}x`,
      `paid on 2026-11-22 ${groups.join(' ')}, thanks`,
      `a@example.com${pan}`,
      // Full-width, Arabic, Devanagari and mathematical digits.
      ...[0xff10, 0x0660, 0x0966, 0x1d7d8].map((zero) =>
        pan.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit))),
      ),
      groups.join('\t'),
      groups.join('\n'),
      groups.join('\u200b'),
      Array.from(pan).join('\u00ad'),
    ];
    for (const text of texts) expect([text, hasCardNumber(text)]).toEqual([text, true]);
  });

  test('anywhere in a text, whatever stands around it', () => {
    const around = fc.string({ unit: fc.constantFrom('a', 'Z', '"', ':', '{', ',', '=', '\n', 'é') });
    fc.assert(
      fc.property(around, around, fc.constantFrom(...Object.values(published)), (before, after, pan) => {
        expect(hasCardNumber(before + pan + after)).toBe(true);
      }),
    );
  });

  test('a 13 digit Visa number only where the text speaks of a card', () => {
    expect(hasCardNumber('{"card_number":"4222222222222"}')).toBe(true);
    expect(hasCardNumber('{"order":"4222222222222"}')).toBe(false);
  });
});

describe('a request', () => {
  const pan = published.visa;
  const request = (url: string, ...rawHeaders: string[]): { url: string; rawHeaders: string[] } => ({
    url,
    rawHeaders,
  });
  const none = Buffer.alloc(0);

  test.each([
    ['the path', request(`/v1/orders/${pan}`), none],
    ['the query', request(`/v1/events?after=4111+1111+1111+1111`), none],
    ['an encoded query', request(`/v1/events?after=4111%201111%201111%20%31111`), none],
    ['a header', request('/', 'User-Agent', 'x', 'Idempotency-Key', `order-${pan}`), none],
    ['the body', request('/'), Buffer.from(JSON.stringify({ metadata: { note: [pan] } }))],
    ['an escaped body', request('/'), Buffer.from('{"a":"\\u0034111111111111111"}')],
    ['a body of several lines', request('/'), Buffer.from('{"a":"4111\\n1111\\r\\n1111\\t1111"}')],
    ['an address in the body', request('/'), Buffer.from('{"a":"https://x/?q=4111%201111%201111%201111"}')],
    ['an encoded address in the body', request('/'), Buffer.from('{"a":"https://x/?q=%34111111111111111"}')],
  ])('with one in %s is refused without repeating it', (_where, given, body) => {
    const refusal = refuseCardNumber(given, body);
    expect(refusal).toMatchObject({ ok: false, code: 'card_number_refused' });
    expect(JSON.stringify(refusal)).not.toContain('1111');
  });

  test('of the usual kind passes', () => {
    const given = request(
      '/v1/checkouts/chk_01kas8q0z8e0r9v3k1b2c3d4e5/confirm?expand=order',
      'Authorization',
      'Bearer sk_test_4eC39HqLyjWDarjtT1zdp7dc',
      'traceparent',
      '00-41111111111111110000000000000000-4111111111111111-01',
      'x-request-start',
      '1767225600000',
    );
    const body = Buffer.from(
      JSON.stringify({
        amount: 129900,
        currency: 'EUR',
        created: 1767225600123,
        phone: '+4917012345678',
        score: 0.4111111111111111,
        customer: { email: 'ada@example.com' },
      }),
    );
    expect(refuseCardNumber(given, body)).toBeUndefined();
  });
});

test('a key of random hexadecimal digits may hold a number by chance; one with a few letters may not', () => {
  expect(hasCardNumber('9f4111111111111111c0ffee')).toBe(false);
  expect(hasCardNumber('card4111111111111111')).toBe(true);
  expect(hasCardNumber('ab4111111111111111')).toBe(true);
});

describe('false alarms', () => {
  const random = seeded(20261122);
  const digits = (count: number): string => {
    let text = '';
    while (text.length < count) text += String(random(1_000_000)).padStart(6, '0');
    return text.slice(0, count);
  };
  const pick = (...makers: (() => string)[]): string => makers[random(makers.length)]!();
  const hex = (count: number): string => {
    let text = '';
    while (text.length < count) text += random(0x1000000).toString(16).padStart(6, '0');
    return text.slice(0, count);
  };
  const atMs = (): number => 1_500_000_000_000 + random(400_000_000) * 1_000 + random(1_000);

  const kinds: Record<string, () => string> = {
    'order numbers of shop systems': () =>
      pick(
        () => `${100_000_000 + random(900_000_000)}`, // Magento
        () => `#${1_000 + random(900_000)}`, // Shopify's name of an order
        () => `${random(9) + 1}${digits(12)}`, // Shopify's id of an order: 13 digits
        () => `${digits(3)}-${digits(7)}-${digits(7)}`, // Amazon
        () => `${digits(2)}-${digits(5)}-${digits(5)}`, // eBay
        () => `ORD-20${10 + random(17)}-${digits(9)}`,
        () =>
          `20${10 + random(17)}${String(1 + random(12)).padStart(2, '0')}${String(1 + random(28)).padStart(2, '0')}${digits(6)}`,
        () => `R${digits(9)}`, // Spree
      ),
    'phone numbers': () =>
      pick(
        () => `+49${digits(10)}`,
        () => `+49 ${digits(3)} ${digits(8)}`,
        () => `+44 7${digits(3)} ${digits(6)}`,
        () => `+1 (${digits(3)}) ${digits(3)}-${digits(4)}`,
        () => `0049${digits(11)}`,
        () => `49${digits(11)}`,
        () => `+33 6 ${digits(2)} ${digits(2)} ${digits(2)} ${digits(2)}`,
        () => `+86${digits(11)}`,
        () => `+62${digits(12)}`,
        () => `+${1 + random(9)}${digits(14)}`,
      ),
    timestamps: () =>
      pick(
        () => `${atMs()}`,
        () => `${atMs()}${digits(3)}`,
        () => `${atMs()}${digits(6)}`,
        () => new Date(atMs()).toISOString(),
        () => new Date(atMs()).toISOString().replace(/[-:TZ.]/g, ''),
        () => new Date(atMs()).toUTCString(),
      ),
    'ids of machines': () =>
      pick(
        () =>
          idFrom(
            'ord',
            atMs(),
            Uint8Array.from({ length: 10 }, () => random(256)),
          ),
        () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`,
        () => hex(32),
        () => hex(64),
        () => `${1 + random(2)}${digits(18)}`, // snowflakes
        () => `8${random(10)}${digits(14)}`, // Adyen's older references
        () => `pi_${hex(24)}`,
        () => `${random(2)}.${digits(16)}`,
        () => `52.${digits(15)}`,
        () => `${random(256)}.${random(256)}.${random(256)}.${random(256)}`,
      ),
  };

  test.each(Object.keys(kinds))('%s: at most one in a thousand of 100,000, alone and in a body', (kind) => {
    const make = kinds[kind]!;
    let alarms = 0;
    const total = 100_000;
    for (let at = 0; at < total; at += 1) {
      const text = make();
      if (hasCardNumber(at % 2 === 0 ? text : `{"reference":"${text}","amount":${random(100_000)}}`))
        alarms += 1;
    }
    showFigure(`card numbers: ${alarms} false alarms in ${total} ${kind}`);
    expect(alarms / total).toBeLessThanOrEqual(0.001);
  });

  test('the generator does make valid Luhn digits, so that the context is what keeps the alarm silent', () => {
    const luhn = Array.from({ length: 10_000 }, () => kinds['order numbers of shop systems']!()).filter(
      (text) => isLuhn(text),
    );
    expect(luhn.length).toBeGreaterThan(500);
  });
});
