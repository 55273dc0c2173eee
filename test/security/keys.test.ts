import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startTestService, type TestService } from '../harness/service.ts';

let shop: TestService;
beforeAll(async () => {
  shop = await startTestService({ env: { TRUSTED_PROXIES: '127.0.0.1' } });
});
afterAll(() => shop.close());

/** What an operator types, and reads. */
async function keys(...args: string[]): Promise<Record<string, unknown>> {
  const { stdout } = await promisify(execFile)(process.execPath, ['src/cli/keys.ts', ...args], {
    env: { ...process.env, DATABASE_URL: shop.databaseUrl },
  });
  return JSON.parse(stdout) as Record<string, unknown>;
}

type Made = { readonly id: string; readonly secret: string };
const create = async (...args: string[]): Promise<Made> =>
  (await keys('create', shop.merchantId, ...args)) as unknown as Made;
const statusWith = async (key: string, from = '192.0.2.1', path = '/v1/events'): Promise<number> =>
  (await shop.call('GET', path, { key, headers: { 'x-forwarded-for': from } })).status;

describe('API keys', () => {
  test('rotate: both keys work until the overlap ends, and the new one may do what the old one may', async () => {
    const old = await create('--scopes', 'events');
    const fresh = (await keys('rotate', old.id, '--overlap-hours', '1')) as unknown as Made;
    expect(fresh.secret).not.toBe(old.secret);
    expect([await statusWith(old.secret), await statusWith(fresh.secret)]).toEqual([200, 200]);
    expect(await statusWith(fresh.secret, '192.0.2.1', '/v1/reviews')).toBe(403);
    const listed = (await keys('list', shop.merchantId))['keys'] as { id: string; expires: string | null }[];
    expect(listed.find(({ id }) => id === fresh.id)?.expires).toBeNull();
    const ends = Date.parse(listed.find(({ id }) => id === old.id)?.expires ?? '');
    expect(Math.abs(ends - Date.now() - 3_600_000)).toBeLessThan(60_000);
  });

  test('revoke: a key that no process has seen lately is nobody’s at once', async () => {
    const { id, secret } = await create();
    await keys('revoke', id);
    expect(await statusWith(secret)).toBe(401);
  });

  test('expire', async () => {
    expect(await statusWith((await create('--days', '0')).secret)).toBe(401);
    expect(await statusWith((await create('--days', '1')).secret)).toBe(200);
  });

  test('are told which scope they lack, and a browser that the call is not for it', async () => {
    const { secret } = await create('--scopes', 'events');
    const read = async (key: string) => (await shop.call('GET', '/v1/reviews', { key })).body;
    expect(await read(secret)).toMatchObject({
      code: 'permission_denied',
      detail: 'The key lacks the scope `reviews`.',
    });
    expect(await read(shop.keys.publishableKey)).toMatchObject({
      code: 'permission_denied',
      detail: 'The call is for secret keys only.',
    });
  });

  test('do only what their scopes say', async () => {
    const { secret } = await create('--scopes', 'reviews');
    expect(await statusWith(secret, '192.0.2.1', '/v1/reviews')).toBe(200);
    expect(await statusWith(secret)).toBe(403);
  });

  test('work from their networks alone', async () => {
    const { secret } = await create('--networks', '192.0.2.0/24,2001:db8::/32');
    expect(await statusWith(secret, '192.0.2.200')).toBe(200);
    expect(await statusWith(secret, '2001:db8::7')).toBe(200);
    expect(await statusWith(secret, '198.51.100.1')).toBe(403);
  });

  test('are listed with their last use, and without their secrets', async () => {
    const { id, secret } = await create();
    await statusWith(secret);
    const text = JSON.stringify(await keys('list', shop.merchantId));
    expect(text).not.toContain(secret.slice(8));
    const { keys: listed } = JSON.parse(text) as { keys: { id: string; last_used: string | null }[] };
    expect(listed.find((key) => key.id === id)?.last_used).not.toBeNull();
  });

  test.each([
    ['an unknown scope', ['create', 'mer_', '--scopes', 'everything']],
    ['an unknown command', ['steal']],
    ['what is no id', ['revoke', 'key_1']],
  ])('refuse %s', async (_, args) => {
    await expect(keys(...args)).rejects.toMatchObject({ code: 2 });
  });
});
