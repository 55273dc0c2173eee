import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { showFigure } from '../harness/figure.ts';
import { startTestService, type TestService } from '../harness/service.ts';
import { solutionFor } from '../http/routes/operations.ts';

let shop: TestService;
beforeAll(async () => {
  shop = await startTestService({ env: { CHALLENGE_ROUNDS: '10' } });
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

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !isSo(); tries += 1) await sleep(50);
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

describe('clients that connect and say nothing', () => {
  /** Both ends of each are in this process, which may need leave for more than 20,000 descriptors. */
  const wanted = 10_000;

  test('are all closed, while others are served [F8.4]', async () => {
    const { hostname, port } = new URL(shop.api);
    // A shop's server has its connection already.
    expect((await shop.call('GET', '/v1/events')).status).toBe(200);
    let closed = 0;
    let most = 0;
    for (let at = 0; at < wanted; at += 100) {
      await Promise.all(
        Array.from({ length: 100 }, async () => {
          // Reading, or the end would not be noticed.
          const socket = connect(Number(port), hostname).resume();
          socket.on('error', () => undefined).once('close', () => (closed += 1));
          await new Promise((resolve) => socket.once('connect', resolve));
        }),
      );
      most = Math.max(most, at + 100 - closed);
    }
    const opened = performance.now();
    expect((await shop.call('GET', '/v1/events')).status).toBe(200);
    const servedMs = performance.now() - opened;
    await until(() => closed === wanted);
    const closedMs = performance.now() - opened;
    showFigure(
      `idle sockets: ${wanted} opened, ${most} at once, all closed ${(closedMs / 1000).toFixed(1)} s after the last; ` +
        `a call meanwhile ${servedMs.toFixed(0)} ms`,
    );
    expect(most).toBeGreaterThan(wanted / 4);
    expect(servedMs).toBeLessThan(1_000);
    expect(closed).toBe(wanted);
    expect(closedMs).toBeLessThan(20_000);
  }, 60_000);
});

describe('who tries stolen passwords', () => {
  type Login = { readonly outcome?: 'succeeded' | 'failed'; readonly solution?: string };
  const login = (ip: string, email: string, { solution, ...outcome }: Login = {}) =>
    shop.call('POST', '/v1/assessments', {
      body: { event: 'login', signals: { device: { ip }, customer: { email } }, ...outcome },
      ...(solution === undefined ? {} : { headers: { 'tillgate-challenge-solution': solution } }),
    });

  test.each([
    ['as soon as the shop tells of wrong passwords', '203.0.113.76', { outcome: 'failed' }, 11],
    ['at the latest where it tells nothing', '203.0.113.77', {}, 61],
  ] as const)('from one address over many accounts is challenged %s [F10.5]', async (_, ip, told, at) => {
    const codes: unknown[] = [];
    for (let victim = 1; victim < at + 5; victim += 1)
      codes.push((await login(ip, `victim-${at}-${victim}@example.com`, told)).body['code'] ?? 'assessed');
    const first = codes.indexOf('challenge_required');
    showFigure(
      `credential stuffing: challenged from login ${first + 1} of one address (${JSON.stringify(told)})`,
    );
    expect(first + 1).toBe(at);
    expect(codes.slice(first)).toEqual(codes.slice(first).map(() => 'challenge_required'));
    expect((await login('198.51.100.77', 'ada@example.com')).status).toBe(201);
  });

  test('is through after a hundred wrong ones even when it solves every challenge', async () => {
    const codes = new Set<unknown>();
    for (let victim = 0; victim < 110; victim += 1) {
      const solution = await solutionFor(shop, 'login');
      const email = `solved-${victim}@example.com`;
      codes.add((await login('203.0.113.75', email, { outcome: 'failed', solution })).body['code']);
    }
    expect([...codes]).toEqual([undefined, 'quota_exceeded']);
  });

  test('is not taken for an office, where few mistype, and whose browsers prove some work later', async () => {
    const statuses = new Set<number>();
    for (let person = 0; person < 40; person += 1) {
      const outcome = person % 13 === 12 ? 'failed' : 'succeeded';
      statuses.add((await login('198.51.100.9', `person-${person}@example.com`, { outcome })).status);
    }
    for (let person = 40; person < 80; person += 1) {
      const solution = await solutionFor(shop, 'login');
      const told = { outcome: 'succeeded', solution } as const;
      statuses.add((await login('198.51.100.9', `person-${person}@example.com`, told)).status);
    }
    expect([...statuses]).toEqual([201]);
  });

  test('guesses no keys either: an address without a known one is cut off [F10.5]', async () => {
    const statuses: number[] = [];
    for (let at = 0; at < 245; at += 1)
      statuses.push(
        (await shop.call('GET', '/v1/events', { key: `sk_${String(at).padStart(43, 'a')}` })).status,
      );
    expect(statuses[0]).toBe(401);
    expect(statuses.at(-1)).toBe(429);
    expect((await shop.call('GET', '/v1/events')).status).toBe(200);
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
