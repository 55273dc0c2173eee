import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import type { ApiKey } from '../../src/domain/merchant.ts';
import { newSecret } from '../../src/flows/new-secret.ts';
import { authenticator } from '../../src/http/authenticate.ts';
import { makeLog } from '../../src/observe/log.ts';
import { showFigure } from '../harness/figure.ts';
import { startTestService, type TestService } from '../harness/service.ts';

const root = new URL('../../', import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, root), 'utf8');

type Row = {
  readonly id: string;
  readonly level: string;
  readonly requirement: string;
  readonly status: string;
  readonly how: string;
  readonly test: string;
};
const rows = parse<Row>(textOf('docs/security/asvs.csv'), { columns: true });

describe('the list of ASVS 5.0 requirements', () => {
  test('names each once, with a status and a reason', () => {
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
    for (const { id, status, how } of rows) {
      expect(id).toMatch(/^\d{1,2}\.\d\.\d{1,2}$/);
      expect(['met', 'not_met', 'not_applicable']).toContain(status);
      expect(how).not.toBe('');
    }
  });

  test('has all that the standard has at levels 1 and 2, as published', () => {
    const counts = ['1', '2'].map((level) => rows.filter((row) => row.level === level).length);
    expect(counts).toEqual([70, 183]);
    const below = rows.filter(({ level }) => level !== '3');
    const count = (status: string): number => below.filter((row) => row.status === status).length;
    showFigure(
      `ASVS 5.0.0, levels 1 and 2: ${count('met')} met, ${count('not_met')} not met, ${count('not_applicable')} not applicable`,
    );
  });

  const met = rows.filter(({ status }) => status === 'met');
  test.each(met.map((row) => [row.id, row.requirement, row.test]))(
    '%s (%s) has a test that exists',
    (_id, _what, named) => {
      const [path = '', name = ''] = named.split(' :: ');
      expect(existsSync(new URL(path, root))).toBe(true);
      // In the title of a test, not somewhere in the file.
      const title = new RegExp(
        `['"\`][^\\n]*${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}[^\\n]*['"\`],\\s*(async\\s*)?\\(`,
      );
      expect(name).not.toBe('');
      expect(textOf(path).replaceAll("\\'", "'")).toMatch(title);
    },
  );
});

describe('the source', () => {
  const sources = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path, text: textOf(`src/${path}`) }));
  const product = sources.filter(({ path }) => !/^(cli|embedded|sandbox)\//.test(path));
  const withWord = (word: RegExp): string[] =>
    product.filter(({ text }) => word.test(text)).map(({ path }) => path);

  test('no product code starts a process or evaluates text', () => {
    expect(product.length).toBeGreaterThan(100);
    expect(withWord(/node:child_process|\beval\(|new Function\(|node:vm/)).toEqual([]);
  });

  test('no page writes HTML out of data', () => {
    const pages = readdirSync(new URL('src/web/', root), { recursive: true, encoding: 'utf8' });
    const scripts = pages.filter((path) => path.endsWith('.js'));
    expect(scripts.length).toBeGreaterThan(10);
    const writing = scripts.filter((path) =>
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc/.test(textOf(`src/web/${path}`)),
    );
    expect(writing).toEqual([]);
  });

  test('no page needs a plug-in or what browsers have dropped', () => {
    const pages = readdirSync(new URL('src/web/', root), { recursive: true, encoding: 'utf8' });
    const gone =
      /<(object|embed|applet|frameset|marquee)|ActiveXObject|document\.(all|domain)|openDatabase|applicationCache|manifest=|createShadowRoot|showModalDialog/;
    const files = pages.filter((path) => /\.(js|html)$/.test(path));
    expect(files.length).toBeGreaterThan(15);
    expect(files.filter((path) => gone.test(textOf(`src/web/${path}`)))).toEqual([]);
  });

  test('no product code trusts an unknown certificate', () => {
    expect(withWord(/rejectUnauthorized|NODE_TLS_REJECT_UNAUTHORIZED|checkServerIdentity/)).toEqual([]);
  });

  test('no product code uses a broken digest', () => {
    expect(withWord(/createHash\('(md5|sha1)'\)|createHmac\('(md5|sha1)'|createCipher\(|'des-|'rc4/)).toEqual(
      [],
    );
  });

  test('no secret is in the repository', () => {
    const found = sources.filter(({ text }) =>
      /\b(sk|rk)_live_[A-Za-z0-9]{8,}|-----BEGIN [A-Z ]*PRIVATE KEY/.test(text),
    );
    expect(found.map(({ path }) => path)).toEqual([]);
  });

  test('the cryptographic inventory names every file that uses cryptography', () => {
    const inventory = textOf('docs/security/cryptography.md');
    const named = [...inventory.matchAll(/`src\/([^`]+\.ts)`/g)].map(([, path]) => path ?? '');
    const using = withWord(/from '(node:crypto|altcha-lib[^']*)'/);
    expect(using.length).toBeGreaterThan(10);
    expect(named.sort()).toEqual(using.sort());
  });

  test('the times for updates are stated for every severity', () => {
    const days = [...textOf('docs/security/updates.md').matchAll(/^\| (\w+)[^|]*\| +(\d+) days/gm)];
    expect(days.map(([, severity]) => severity)).toEqual(['critical', 'high', 'moderate', 'low', 'none']);
    const stated = days.map(([, , count]) => Number(count));
    expect(stated).toEqual([...stated].sort((a, b) => a - b));
  });

  test('keys that come are logged with what was said of them, and without the keys', async () => {
    const lines: string[] = [];
    const key = { id: 'key_1', merchantId: 'mer_1', kind: 'secret', expiresAt: null } as unknown as ApiKey;
    const found = [key, { ...key, expiresAt: 500 }, null];
    const authenticate = authenticator(
      { findApiKey: () => Promise.resolve(found.shift() ?? null) },
      () => 1_000,
      makeLog({ destination: { write: (line) => void lines.push(line) } }),
    );
    const asked = ['a', 'b', 'c'].map((each) => authenticate(`Bearer sk_${each.repeat(43)}`));
    expect(await Promise.all(asked)).toEqual([key, null, null]);
    const named = { key_id: 'key_1', merchant_id: 'mer_1', kind: 'secret' };
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
      { message: 'a key was looked up', outcome: 'accepted', ...named },
      { message: 'a key was looked up', outcome: 'expired', ...named },
      { message: 'a key was looked up', outcome: 'unknown' },
    ]);
    // The first is believed for a while; nothing is asked, and nothing said.
    await authenticate(`Bearer sk_${'a'.repeat(43)}`);
    expect(lines).toHaveLength(3);
    expect(lines.join()).not.toContain('aaaa');
  });

  test('secrets have 256 random bits', () => {
    const [, random = ''] = /^sk_(.+)$/.exec(newSecret('sk')) ?? [];
    expect(Buffer.from(random, 'base64url')).toHaveLength(32);
  });
});

describe('the service', () => {
  let shop: TestService;
  beforeAll(async () => {
    shop = await startTestService();
  });
  afterAll(() => shop.close());

  test('TRACE is not answered', async () => {
    const { hostname, port } = new URL(shop.api);
    const status = await new Promise((resolve) => {
      request({ hostname, port, method: 'TRACE', path: '/v1/events' }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).end();
    });
    expect(status).toBe(405);
  });

  test('a page of another origin can make no call without asking first, and may ask for what browsers do only', async () => {
    const checkout = { body: '{"amount":100,"currency":"EUR"}' };
    const simple = { ...checkout, headers: { 'content-type': 'text/plain' } };
    expect((await shop.call('POST', '/v1/checkouts', simple)).status).toBe(415);
    const { secretKey } = shop.keys;
    const cookie = `authorization=Bearer ${secretKey}; key=${secretKey}`;
    const ambient = { ...checkout, key: null, headers: { 'content-type': 'application/json', cookie } };
    expect((await shop.call('POST', '/v1/checkouts', ambient)).status).toBe(401);
    expect((await shop.counts())['checkouts']).toBe(0);

    const origin = { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' };
    const ask = (path: string) => shop.call('OPTIONS', path, { key: null, headers: origin });
    const refused = await ask('/v1/checkouts');
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([405, null]);
    const { status, headers } = await ask('/v1/checkouts/chk_00000000000000000000000000/confirm');
    expect([status, headers.get('access-control-allow-origin')]).toEqual([204, '*']);
    expect(headers.get('access-control-allow-headers')).toContain('authorization');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  });

  test('what only a server may say is named in the document, and not believed of a browser', async () => {
    const { components } = JSON.parse(textOf('openapi.json')) as {
      components: {
        schemas: Record<
          string,
          { description?: string; properties: Record<string, { description?: string }> }
        >;
      };
    };
    const { ConfirmCheckout, External3ds, ObservedSignals } = components.schemas;
    for (const said of [
      ConfirmCheckout?.properties['initiator'],
      ConfirmCheckout?.properties['network_transaction_id'],
      External3ds,
      ObservedSignals?.properties['occurred_at'],
    ])
      expect(said?.description).toContain('Secret keys only');

    const pay = async (key: string) => {
      const { body } = await shop.call('POST', '/v1/checkouts', { body: { amount: 100, currency: 'EUR' } });
      const failed = { version: '2.2', trans_status: 'N', eci: '07' };
      const external_3ds = {
        ...failed,
        cavv: `${'A'.repeat(27)}=`,
        ds_trans_id: '97267598-fae6-48f2-8083-b2433990b7bc',
      };
      return shop.call('POST', `/v1/checkouts/${String(body['id'])}/confirm`, {
        key,
        headers: { 'tillgate-client-secret': String(body['client_secret']) },
        body: { payment_method: 'pm_card_visa', external_3ds },
      });
    };
    expect((await pay(shop.keys.secretKey)).body['code']).toBe('authentication_not_usable');
    const paid = await pay(shop.keys.publishableKey);
    expect(paid.body).toMatchObject({ status: 'completed', assessment: null });
    const seen = await shop.call('GET', `/v1/checkouts/${String(paid.body['id'])}`);
    expect(seen.body['assessment']).toMatchObject({ decision: 'allow' });
  });

  test('a buyer comes back to the page that the shop’s server named, whatever the address asks for', async () => {
    const { body } = await shop.call('POST', '/v1/checkouts', {
      body: { amount: 100, currency: 'EUR', return_url: 'https://shop.example.com/thanks' },
    });
    const elsewhere = 'https://elsewhere.example';
    const asked = `return_url=${elsewhere}&returnUrl=${elsewhere}&redirect=${elsewhere}&checkout=chk_other`;
    const path = `/return/${shop.merchantId}/${String(body['id'])}?${asked}`;
    const { status, headers } = await shop.call('GET', path, { key: null, headers: { host: 'elsewhere' } });
    expect(status).toBe(303);
    expect(headers.get('location')).toBe(`https://shop.example.com/thanks?checkout=${String(body['id'])}`);
  });

  test('metrics are not on the public port', async () => {
    for (const path of ['/metrics', '/livez', '/readyz', '/debug', '/.git/config', '/.env']) {
      expect((await shop.call('GET', path)).status).toBe(404);
    }
  });

  test('refusals of keys are logged without them', async () => {
    const key = `sk_${'b'.repeat(43)}`;
    const { status, headers } = await shop.call('GET', '/v1/events', { key });
    expect(status).toBe(401);
    const line = shop.complaints.find((each) => each.includes(headers.get('request-id') ?? 'none'));
    expect(JSON.parse(line ?? '{}')).toMatchObject({
      code: 'authentication_required',
      route: 'listEvents',
      address_network: '127.0.0.0/24',
    });
    expect(line).not.toContain('bbbb');
  });

  test('API answers are not cached', async () => {
    for (const path of ['/v1/events', '/v1/reviews', '/v1/orders/none']) {
      expect((await shop.call('GET', path)).headers.get('cache-control')).toBe('no-store');
    }
  });
});
