import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { differences, takeInventory } from '../../src/cli/page-inventory.ts';
import { startTestService, type TestService } from '../harness/service.ts';

let shop: TestService;
beforeAll(async () => {
  shop = await startTestService();
});
afterAll(() => shop.close());

/** A payment page of ours, that somebody changes. */
const page = {
  html: '<script src="/pay.js"></script><script nonce="a">start()</script>',
  js: "import './part.js'",
  part: 'export const fields = 1;',
  csp: "script-src 'nonce-abc'",
};
const server = createServer((request, response) => {
  const body = { '/': page.html, '/pay.js': page.js, '/part.js': page.part }[request.url ?? '/'];
  response.writeHead(body === undefined ? 404 : 200, { 'content-security-policy': page.csp }).end(body);
});
let origin = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

describe('the monitor of payment pages', () => {
  test('lists every script of a page, those that scripts import included', async () => {
    const { scripts } = await takeInventory(origin, '/');
    expect(scripts.map(({ source }) => source)).toEqual(['/part.js', '/pay.js', 'inline 1']);
  });

  test('is silent about a page that is what it was, whatever its nonce', async () => {
    const known = await takeInventory(origin, '/');
    page.csp = "script-src 'nonce-def'";
    expect(differences(known, await takeInventory(origin, '/'))).toEqual([]);
  });

  test.each([
    ['a changed script', { part: 'export const fields = steal();' }, 'the script /part.js has changed'],
    [
      'a new script',
      { js: "import './part.js'; import './more.js'" },
      'the script /more.js is not in the inventory',
    ],
    [
      'a changed header',
      { csp: "script-src 'unsafe-inline'" },
      'the header content-security-policy has changed',
    ],
    ['a script that is gone', { html: '<script src="/pay.js"></script>' }, 'the script inline 1 is gone'],
  ])('tells of %s', async (_, changed, told) => {
    const known = await takeInventory(origin, '/');
    const before = { ...page };
    Object.assign(page, changed);
    expect(differences(known, await takeInventory(origin, '/')).join()).toContain(told);
    Object.assign(page, before);
  });
});

describe('our pages', () => {
  test.each(['/docs', '/console'])('%s runs only scripts of its own origin', async (path) => {
    const { headers, scripts } = await takeInventory(shop.api, path);
    expect(scripts.length).toBeGreaterThan(0);
    expect(scripts.filter(({ source }) => !source.startsWith('/'))).toEqual([]);
    const csp = headers['content-security-policy'] ?? '';
    for (const part of ["default-src 'none'", "base-uri 'none'", 'frame-ancestors'])
      expect(csp).toContain(part);
    expect(/script-src [^;]*unsafe/.test(csp)).toBe(false);
    expect(headers['strict-transport-security']).toMatch(/max-age=63072000/);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  test('have a place where browsers report what a policy stopped; it keeps a count and a host', async () => {
    const send = (body: string) =>
      fetch(`${shop.api}/csp-reports`, {
        method: 'POST',
        headers: { 'content-type': 'application/csp-report' },
        body,
      });
    const blocked = 'https://evil.example/steal.js?card=4242424242424242';
    const old = { 'csp-report': { 'effective-directive': 'script-src-elem', 'blocked-uri': blocked } };
    const fresh = [{ type: 'csp-violation', body: { effectiveDirective: 'made-up', blockedURL: blocked } }];
    for (const body of [JSON.stringify(old), JSON.stringify(fresh), 'nonsense', 'x'.repeat(50_000)]) {
      expect((await send(body)).status).toBe(204);
    }
    const metrics = await (await fetch(`${shop.admin()}/metrics`)).text();
    expect(metrics).toContain('tillgate_csp_violations_total{directive="script-src-elem"} 1');
    expect(metrics).toContain('tillgate_csp_violations_total{directive="other"} 1');
    expect(metrics).not.toContain('made-up');
    expect(shop.complaints.join()).toContain('evil.example');
    expect(shop.complaints.join()).not.toContain('steal.js');
  });
});
