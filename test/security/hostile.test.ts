import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestService, type TestService } from '../harness/service.ts';

let shop: TestService;
beforeAll(async () => {
  shop = await startTestService();
});
afterAll(() => shop.close());

/** Writes bytes to the service as they are, and reads until it closes or falls silent. */
function raw(text: string): Promise<string> {
  const { hostname, port } = new URL(shop.api);
  return new Promise((resolve) => {
    let heard = '';
    const socket = connect(Number(port), hostname, () => void socket.write(text, 'latin1'));
    socket.setTimeout(1_500, () => socket.destroy());
    socket.on('data', (bytes: Buffer) => (heard += bytes.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(heard));
  });
}

const statusesIn = (heard: string): number[] =>
  [...heard.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map(([, status]) => Number(status));
const host = 'Host: localhost\r\n';

describe('a request that two servers would read differently', () => {
  test.each([
    [
      'both lengths [F8.5]',
      `POST /v1/checkouts HTTP/1.1\r\n${host}Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /livez HTTP/1.1\r\n\r\n`,
    ],
    [
      'two lengths',
      `POST /v1/checkouts HTTP/1.1\r\n${host}Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef`,
    ],
    [
      'an obfuscated encoding',
      `POST /v1/checkouts HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      'a space before the colon',
      `POST /v1/checkouts HTTP/1.1\r\n${host}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
    ],
    ['a bare line feed [F8.6]', `GET /v1/events HTTP/1.1\n${host}X: y\n\n`],
    ['a folded header', `GET /v1/events HTTP/1.1\r\n${host}X: a\r\n b\r\n\r\n`],
    [
      'a malformed chunk size',
      `POST /v1/checkouts HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n0\r\n\r\n`,
    ],
    ['no host', 'GET /v1/events HTTP/1.1\r\n\r\n'],
    ['NUL in a header', `GET /v1/events HTTP/1.1\r\n${host}X: a\0b\r\n\r\n`],
  ])('is refused and the connection closed: %s', async (_, text) => {
    const statuses = statusesIn(await raw(text));
    expect(statuses.length).toBeLessThanOrEqual(1);
    for (const status of statuses) expect([400, 401]).toContain(status);
    // Whatever was answered, nothing behind it was taken for a second request.
    expect(statuses).not.toContain(200);
  });
});

describe('a caller who pretends', () => {
  test.each([
    ['a header', '/v1/orders/ord_00000000000000000000000000', { 'x-http-method-override': 'DELETE' }],
    ['another header', '/v1/events', { 'x-method-override': 'POST' }],
  ])('cannot change the method by %s', async (_, path, headers) => {
    const plain = await shop.call('GET', path);
    expect((await shop.call('GET', path, { headers })).status).toBe(plain.status);
  });

  test('cannot change the method by a parameter', async () => {
    expect((await shop.call('GET', '/v1/events?_method=DELETE')).body['code']).toBe('parameter_unknown');
  });

  test('cannot be somebody else by a forwarding header when no proxy is trusted [F9.6]', async () => {
    const statuses: number[] = [];
    for (let at = 0; at < 245; at += 1) {
      const headers = { 'x-forwarded-for': `198.51.100.${at}`, 'x-real-ip': `198.51.100.${at}` };
      statuses.push((await shop.call('GET', '/v1/events', { key: null, headers })).status);
    }
    expect(statuses.at(-1)).toBe(429);
  });

  test('cannot reach the prototype of objects [F9.4]', async () => {
    for (const body of [
      '{"__proto__":{"polluted":1}}',
      '{"metadata":{"constructor":{"prototype":{"polluted":1}}}}',
    ]) {
      expect((await shop.call('POST', '/v1/checkouts', { body })).body['code']).toBe('json_key_refused');
    }
    const { status } = await shop.call('GET', '/v1/events?__proto__[polluted]=1');
    expect(status).toBe(400);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  test('learns nothing from the time or the text of a refusal about which keys exist', async () => {
    const expired = await shop.call('GET', '/v1/events', { key: `sk_${'a'.repeat(43)}` });
    const malformed = await shop.call('GET', '/v1/events', { key: 'nonsense' });
    expect({ ...expired.body, instance: '' }).toEqual({ ...malformed.body, instance: '' });
  });

  test('does not learn what the service is made of', async () => {
    const { headers } = await shop.call('GET', '/nowhere');
    expect(headers.get('server')).toBeNull();
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('strict-transport-security')).toBe('max-age=63072000');
  });
});
