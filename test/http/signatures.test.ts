import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isDigestOf } from '../../src/http/signature/content-digest.ts';
import { readSignature } from '../../src/http/signature/message-signature.ts';
import { type Ask, type Reply, type TestService, newId, startTestService } from '../harness/service.ts';
import { paidOrder } from './routes/operations.ts';

describe('the vectors of the standards', () => {
  const body = Buffer.from('{"hello": "world"}');

  test('a digest of a body is told from another (RFC 9530, appendix B)', () => {
    const sha256 = 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:';
    const sha512 =
      'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:';
    for (const good of [sha256, sha512, `${sha256}, ${sha512}`, `${sha256}, md5=:AAAA:`])
      expect(isDigestOf(good, body)).toBe(true);
    for (const bad of [
      '',
      'md5=:AAAA:',
      'sha-256=:AAAA:',
      'sha-256=x',
      'sha-256=(:AAAA:)',
      `${sha256}, sha-512=:AAAA:`,
    ])
      expect(isDigestOf(bad, body)).toBe(false);
    expect(isDigestOf(sha256, Buffer.from('{"hello": "World"}'))).toBe(false);
  });

  // RFC 9421, appendix B.1.4 and B.2.6.
  const x = 'JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs';
  const headers: Readonly<Record<string, string>> = {
    host: 'example.com',
    date: 'Tue, 20 Apr 2021 02:07:55 GMT',
    'content-type': 'application/json',
    'content-length': '18',
    'signature-input':
      'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
    signature:
      'sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:',
  };
  const read = (changed: Readonly<Record<string, string>> = {}, path = '/foo') =>
    readSignature({
      method: 'POST',
      targetUri: new URL(`${path}?param=Value&Pet=dog`, 'https://example.com'),
      header: (name) => ({ ...headers, ...changed })[name],
    });

  test('an Ed25519 signature of a request holds (RFC 9421, appendix B.2.6)', () => {
    const signature = read();
    expect(signature?.components).toEqual([
      'date',
      '@method',
      '@path',
      '@authority',
      'content-type',
      'content-length',
    ]);
    expect(signature?.parameters.get('keyid')).toBe('test-key-ed25519');
    expect(signature?.isBy(Buffer.from(x, 'base64url'))).toBe(true);
  });

  test('and does not when anything that it covers is changed', () => {
    const key = Buffer.from(x, 'base64url');
    expect(read({ date: 'Tue, 20 Apr 2021 02:07:56 GMT' })?.isBy(key)).toBe(false);
    expect(read({}, '/fop')?.isBy(key)).toBe(false);
    const later = headers['signature-input']!.replace('1618884473', '1618884474');
    expect(read({ 'signature-input': later })?.isBy(key)).toBe(false);
    expect(read()?.isBy(Buffer.alloc(32, 1))).toBe(false);
  });

  test.each([
    ['two signatures', { 'signature-input': 'a=("date"), b=("date")' }],
    ['another label', { 'signature-input': 'other=("date")' }],
    ['a component with a parameter', { 'signature-input': 'sig-b26=("@method";req)' }],
    ['a component twice', { 'signature-input': 'sig-b26=("date" "date")' }],
    ['a header that is not there', { 'signature-input': 'sig-b26=("x-none")' }],
    ['a part that is not there', { 'signature-input': 'sig-b26=("@status")' }],
    ['no list', { 'signature-input': 'sig-b26="date"' }],
    ['what is not a structured field', { 'signature-input': 'sig-b26=(' }],
    ['a signature that is no bytes', { signature: 'sig-b26="text"' }],
  ])('%s cannot be read', (_, changed) => {
    expect(read(changed)).toBeNull();
  });
});

describe('refunds with a key that wants signatures', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  let shop: TestService;
  let key: { id: string; secret: string };
  let order: string;
  let unsigned: Reply;

  const keys = async (...args: string[]): Promise<Record<string, unknown>> => {
    const env = { ...process.env, DATABASE_URL: shop.databaseUrl };
    const { stdout } = await promisify(execFile)(process.execPath, ['src/cli/keys.ts', ...args], { env });
    return JSON.parse(stdout) as Record<string, unknown>;
  };

  beforeAll(async () => {
    shop = await startTestService();
    key = (await keys('create', shop.merchantId)) as typeof key;
    const file = join(tmpdir(), `${key.id}.pem`);
    writeFileSync(file, publicKey.export({ type: 'spki', format: 'pem' }));
    expect(await keys('sign', key.id, '--public-key', file)).toEqual({ id: key.id, refunds_signed: true });
    order = await paidOrder(shop);
    unsigned = await shop.call('POST', `/v1/orders/${order}/refunds`, { key: key.secret, body: {} });
  });
  afterAll(() => shop.close());

  type Changes = {
    readonly components?: readonly string[];
    readonly parameters?: string;
    readonly createdS?: number;
    readonly nonce?: string;
    readonly keyid?: string;
    readonly by?: typeof privateKey;
    /** What is sent instead of what was signed. */
    readonly body?: string;
    readonly idempotencyKey?: string;
  };

  /** Signs as a shop's server would, by the standard alone: nothing of the service's own code is used. */
  function signed(body: string, changes: Changes): Ask {
    const path = `/v1/orders/${order}/refunds`;
    const idempotencyKey = newId('req');
    const digest = `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;
    const values: Readonly<Record<string, string>> = {
      '@method': 'POST',
      '@target-uri': `${shop.api}${path}`,
      '@path': path,
      'content-digest': digest,
      'idempotency-key': idempotencyKey,
    };
    const components = changes.components ?? ['@method', '@target-uri', 'content-digest', 'idempotency-key'];
    const created = changes.createdS ?? Math.floor(Date.now() / 1000);
    const parameters =
      changes.parameters ??
      `;created=${created};nonce="${changes.nonce ?? newId('req')}";keyid="${changes.keyid ?? key.id}";alg="ed25519"`;
    const input = `(${components.map((each) => `"${each}"`).join(' ')})${parameters}`;
    const base = [
      ...components.map((each) => `"${each}": ${values[each] ?? ''}`),
      `"@signature-params": ${input}`,
    ];
    const signature = sign(null, Buffer.from(base.join('\n')), changes.by ?? privateKey).toString('base64');
    return {
      key: key.secret,
      body: changes.body ?? body,
      idempotencyKey: changes.idempotencyKey ?? idempotencyKey,
      headers: {
        'content-digest': digest,
        'signature-input': `sig=${input}`,
        signature: `sig=:${signature}:`,
      },
    };
  }

  const refund = async (body: string, changes: Changes = {}): Promise<Reply> =>
    shop.call('POST', `/v1/orders/${order}/refunds`, signed(body, changes));

  test('are refused unsigned, and told what to sign', () => {
    expect(unsigned).toMatchObject({ status: 401, body: { code: 'signature_required' } });
    expect(unsigned.headers.get('accept-signature')).toContain('"@method" "@target-uri" "content-digest"');
  });

  test('so is the end of a quarantine, which can give money back', async () => {
    const path = `/v1/payments/${order.replace('ord_', 'pay_')}/resolve`;
    const body = { resolution: 'return', note: 'the buyer asked' };
    const reply = await shop.call('POST', path, { key: key.secret, body });
    expect(reply).toMatchObject({ status: 401, body: { code: 'signature_required' } });
    // With a key that signs nothing only the payment is in the way.
    expect((await shop.call('POST', path, { body })).body['code']).toBe('payment_not_quarantined');
  });

  test('are taken when they are signed, whether the address or its path is', async () => {
    expect(await refund('{"amount":1,"currency":"EUR"}')).toMatchObject({ status: 200 });
    const components = ['content-digest', '@path', '@method', 'idempotency-key'];
    expect(await refund('{"amount":2,"currency":"EUR"}', { components })).toMatchObject({ status: 200 });
  });

  const ago = (seconds: number): number => Math.floor(Date.now() / 1000) - seconds;
  const stranger = generateKeyPairSync('ed25519').privateKey;
  test.each<[string, Changes]>([
    ['another body', { body: '{"amount":9,"currency":"EUR"}' }],
    ['another idempotency key', { idempotencyKey: 'another' }],
    ['a signature of somebody else', { by: stranger }],
    ['the id of another key', { keyid: newId('key') }],
    ['no method', { components: ['@target-uri', 'content-digest', 'idempotency-key'] }],
    ['no address', { components: ['@method', 'content-digest', 'idempotency-key'] }],
    ['no body', { components: ['@method', '@target-uri', 'idempotency-key'] }],
    ['no idempotency key', { components: ['@method', '@target-uri', 'content-digest'] }],
    ['six minutes ago', { createdS: ago(360) }],
    ['in six minutes', { createdS: ago(-360) }],
    [
      'an expiry that has passed',
      { parameters: `;created=${ago(60)};expires=${ago(1)};nonce="n";keyid="KEY"` },
    ],
    ['no creation', { parameters: ';nonce="n";keyid="KEY"' }],
    ['no nonce', { parameters: `;created=${ago(0)};keyid="KEY"` }],
    ['another algorithm', { parameters: `;created=${ago(0)};nonce="n";keyid="KEY";alg="hmac-sha256"` }],
  ])('are refused when the signature is for %s', async (_, changes) => {
    const parameters = changes.parameters?.replace('KEY', key.id);
    const reply = await refund('{"amount":3,"currency":"EUR"}', {
      ...changes,
      ...(parameters === undefined ? {} : { parameters }),
    });
    expect(reply).toMatchObject({ status: 401, body: { code: 'signature_invalid' } });
  });

  test('are taken from a clock that is four minutes wrong, either way', async () => {
    expect((await refund('{"amount":4,"currency":"EUR"}', { createdS: ago(240) })).status).toBe(200);
    expect((await refund('{"amount":5,"currency":"EUR"}', { createdS: ago(-240) })).status).toBe(200);
  });

  test('use a nonce for one request, which may be repeated as it is', async () => {
    const body = '{"amount":6,"currency":"EUR"}';
    const ask = signed(body, { nonce: 'once' });
    const path = `/v1/orders/${order}/refunds`;
    const [first, second] = [await shop.call('POST', path, ask), await shop.call('POST', path, ask)];
    expect([first.status, second.text]).toEqual([200, first.text]);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    const again = await refund('{"amount":7,"currency":"EUR"}', { nonce: 'once' });
    expect(again.body).toMatchObject({ code: 'signature_invalid', detail: expect.stringContaining('nonce') });
  });

  test('are refused, not broken on, when they sign a cookie', async () => {
    const components = ['@method', '@path', 'content-digest', 'idempotency-key', 'set-cookie'];
    const ask = signed('{"amount":8,"currency":"EUR"}', { components });
    const headers = { ...ask.headers, 'set-cookie': 'a=1' };
    const reply = await shop.call('POST', `/v1/orders/${order}/refunds`, { ...ask, headers });
    expect(reply).toMatchObject({ status: 401, body: { code: 'signature_invalid' } });
  });

  test('are refused with a signature that nobody would check', async () => {
    const reply = await shop.call('POST', `/v1/orders/${order}/refunds`, {
      body: {},
      headers: { 'signature-input': 'sig=("@method")', signature: 'sig=:AAAA:' },
    });
    expect(reply).toMatchObject({ status: 401, body: { code: 'signature_invalid' } });
  });

  test('keep wanting them from the successor of the key, until the operator says otherwise', async () => {
    const fresh = (await keys('rotate', key.id)) as typeof key;
    const ask = { key: fresh.secret, body: {} };
    const path = `/v1/orders/${await paidOrder(shop)}/refunds`;
    expect((await shop.call('POST', path, ask)).body['code']).toBe('signature_required');
    await keys('unsign', fresh.id);
    // Keys are believed for five seconds: another process has not seen this one.
    await shop.restart();
    expect((await shop.call('POST', path, ask)).status).toBe(200);
  });

  test.each([
    ['no file', ['sign', 'key_00000000000000000000000000']],
    ['a file without such a key', ['sign', 'key_00000000000000000000000000', '--public-key', 'package.json']],
    ['a key that nobody has', ['unsign', 'key_00000000000000000000000000']],
  ])('the command refuses %s', async (_, args) => {
    await expect(keys(...args)).rejects.toMatchObject({ code: 2 });
  });
});
