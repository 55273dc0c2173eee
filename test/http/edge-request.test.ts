import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { IncomingMessage } from 'node:http';
import { addressReader, hostOf, networkOf, requestId } from '../../src/http/edge/address.ts';
import { pageHeaders } from '../../src/http/edge/headers.ts';
import { readQuery } from '../../src/http/edge/query.ts';
import { idFrom, type NewId } from '../../src/kernel/ids.ts';

const from = (remoteAddress: string, headers: Record<string, string> = {}): IncomingMessage =>
  ({ socket: { remoteAddress }, headers }) as unknown as IncomingMessage;

describe('the address of a client', () => {
  const spoofed = { 'x-forwarded-for': '203.0.113.9' };

  test('is the peer when no proxy is trusted, whatever the header says', () => {
    expect(addressReader()(from('198.51.100.7', spoofed))).toBe('198.51.100.7');
  });

  test('is the peer when the peer is not the trusted proxy', () => {
    expect(addressReader(['10.0.0.0/8'])(from('198.51.100.7', spoofed))).toBe('198.51.100.7');
  });

  test('is what the trusted proxy saw, not what the client claimed to the left of it', () => {
    const read = addressReader(['10.0.0.0/8']);
    expect(read(from('10.0.0.2', { 'x-forwarded-for': '1.2.3.4, 203.0.113.9' }))).toBe('203.0.113.9');
  });

  test('is found behind a chain of trusted proxies of both families', () => {
    const read = addressReader(['10.0.0.0/8', '2001:db8::/32']);
    const chain = { 'x-forwarded-for': '9.9.9.9, 203.0.113.9, 2001:db8::5, 10.1.2.3' };
    expect(read(from('::ffff:10.0.0.2', chain))).toBe('203.0.113.9');
  });

  test.each(['', 'unknown', '203.0.113.9:443', '<script>', "127.0.0.1'"])(
    'stays the proxy when the proxy forwards %j',
    (entry) => {
      expect(addressReader(['10.0.0.1'])(from('10.0.0.1', { 'x-forwarded-for': entry }))).toBe('10.0.0.1');
    },
  );

  test('has one spelling for IPv4 inside IPv6', () => {
    expect(addressReader()(from('::FFFF:192.0.2.1'))).toBe('192.0.2.1');
  });
});

describe('the network of an address', () => {
  test.each([
    ['192.0.2.77', '192.0.2.0/24'],
    ['2001:db8:aaaa:1:2:3:4:5', '2001:db8:aaaa::/48'],
    ['2001:0db8:00aa::1', '2001:db8:aa::/48'],
    ['2001:db8::1', '2001:db8:0::/48'],
    ['::1', '0:0:0::/48'],
    ['fe80::', 'fe80:0:0::/48'],
  ])('%s is in %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });

  test('is the same for every address that differs behind the first 48 bits', () => {
    fc.assert(
      fc.property(fc.ipV6(), (address) => {
        fc.pre(!address.includes('.'));
        expect(networkOf(address)).toMatch(/^[0-9a-fA-F]{1,4}(:[0-9a-fA-F]{1,4}){2}::\/48$/);
      }),
    );
  });
});

test.each([
  ['192.0.2.77', '192.0.2.77'],
  ['2001:db8:aaaa:1:2:3:4:5', '2001:db8:aaaa:1::/64'],
  ['2001:0db8:aaaa:0001::9', '2001:db8:aaaa:1::/64'],
  ['::1', '0:0:0:0::/64'],
])('the host of %s is %s: a client moves about in its /64 as it likes', (address, host) => {
  expect(hostOf(address)).toBe(host);
});

describe('the request id', () => {
  const newId: NewId = (prefix) => idFrom(prefix, 1, new Uint8Array(10));

  test("is the caller's when it is well formed", () => {
    const given = idFrom('req', 99, new Uint8Array(10).fill(7));
    expect(requestId(from('::1', { 'request-id': given }), newId)).toBe(given);
  });

  test.each([
    '',
    'req_1',
    'req_' + 'a'.repeat(200),
    'req_0000000000000000000000000\n',
    'pay_00000000000000000000000000',
  ])('is made when the caller sends %j', (given) => {
    expect(requestId(from('::1', { 'request-id': given }), newId)).toBe(newId('req'));
  });
});

describe('the query [F9.5]', () => {
  test('known parameters are decoded', () => {
    expect(readQuery('/v1/events?after=evt%5F1&limit=5', ['after', 'limit'])).toEqual({
      ok: true,
      value: { after: 'evt_1', limit: '5' },
    });
    expect(readQuery('/v1/events', ['after'])).toEqual({ ok: true, value: {} });
  });

  test.each([
    ['/x?a=1&a=2', 'parameter_repeated', 'a'],
    ['/x?a=&a=', 'parameter_repeated', 'a'],
    ['/x?a=1&%61=2', 'parameter_repeated', 'a'],
    ['/x?b=1', 'parameter_unknown', 'b'],
    ['/x?a[b]=1', 'parameter_unknown', 'a[b]'],
    ['/x?a[]=1', 'parameter_unknown', 'a[]'],
    ['/x?_method=DELETE', 'parameter_unknown', '_method'],
    ['/x?__proto__=1', 'parameter_unknown', '__proto__'],
    ['/x?constructor=1', 'parameter_unknown', 'constructor'],
    ['/x?a=%zz', 'url_malformed', undefined],
    ['/x?a=%ff', 'url_malformed', undefined],
    ['/x?a=%00', 'url_malformed', undefined],
    ['/x?a=%ed%a0%80', 'url_malformed', undefined],
  ])('%s is refused', (target, code, pointer) => {
    const read = readQuery(target, ['a']);
    expect(read.ok ? 'accepted' : [read.code, read.pointer]).toEqual([code, pointer]);
  });

  test('whatever URLSearchParams writes for known names is read back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (a, b) => {
        fc.pre(a.isWellFormed() && !(a + b).includes('\0'));
        const read = readQuery(`/x?${new URLSearchParams({ a, b }).toString()}`, ['a', 'b']);
        expect(read).toEqual({ ok: true, value: { a, b } });
      }),
    );
  });
});

describe('the headers of a page', () => {
  test('carry the nonce of this answer, base-uri and object-src none, and frame nowhere by default', () => {
    const headers = pageHeaders({ reportUrl: '/csp-reports' })('abc123');
    const policy = headers['content-security-policy'] ?? '';
    expect(policy).toContain("script-src 'nonce-abc123' 'strict-dynamic' https://js.stripe.com");
    expect(policy).toContain("base-uri 'none'");
    expect(policy).toContain("object-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain('report-uri /csp-reports');
    expect(policy).not.toContain('NONCE');
    expect(policy).not.toContain('unsafe');
    expect(headers['x-frame-options']).toBe('DENY');
  });

  test("let a merchant's own shop frame the page", () => {
    const headers = pageHeaders({ frameAncestors: ['https://shop.example'] })('n');
    expect(headers['content-security-policy']).toContain('frame-ancestors https://shop.example');
    expect(headers).not.toHaveProperty('x-frame-options');
  });
});
