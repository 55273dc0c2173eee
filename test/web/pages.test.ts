import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { type TestService, startTestService } from '../harness/service.ts';

let service: TestService;

beforeAll(async () => {
  service = await startTestService();
}, 60_000);
afterAll(() => service.close());

it.each(['/demo', '/demo/checkout', '/demo/return', '/demo/shop.js', '/demo/orders/chk_1'])(
  '%s is not there where no stand-in takes the payments',
  async (path) => {
    expect(await service.call('GET', path, { key: null })).toMatchObject({
      status: 404,
      body: { code: 'not_found' },
    });
  },
);

it('no checkout comes from the demo shop where no stand-in takes the payments', async () => {
  const { status } = await service.call('POST', '/demo/checkouts', { key: null, body: { items: ['mug'] } });
  expect(status).toBe(404);
  expect(await service.counts()).toMatchObject({ checkouts: 0 });
});

it('a page runs only scripts that carry the nonce of its own answer', async () => {
  const [one, other] = await Promise.all([
    service.call('GET', '/console', { key: null }),
    service.call('GET', '/console', { key: null }),
  ]);
  const policy = one.headers.get('content-security-policy') ?? '';
  const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? 'none';
  const scripts = [...one.text.matchAll(/<script[^>]*>/g)].map(([tag]) => tag);
  expect(scripts).not.toEqual([]);
  expect(scripts.filter((tag) => !tag.includes(`nonce="${nonce}"`))).toEqual([]);
  expect(policy).not.toMatch(/unsafe/);
  expect(other.headers.get('content-security-policy')).not.toBe(policy);
});

it('the drop-in may be loaded and checked by any shop, and is named by its bytes', async () => {
  const first = await service.call('GET', '/tillgate.js', { key: null });
  expect(Object.fromEntries(first.headers)).toMatchObject({
    'access-control-allow-origin': '*',
    'cross-origin-resource-policy': 'cross-origin',
    'content-type': 'text/javascript; charset=utf-8',
  });
  const etag = first.headers.get('etag') ?? '';
  expect(etag).toBe(`"${createHash('sha256').update(first.text).digest('base64')}"`);
  const again = await service.call('GET', '/tillgate.js', { key: null, headers: { 'if-none-match': etag } });
  expect({ status: again.status, text: again.text }).toEqual({ status: 304, text: '' });
});
