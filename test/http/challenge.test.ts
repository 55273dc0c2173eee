import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { solveChallenge, type Challenge } from 'altcha-lib';
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2';
import { Redis } from 'ioredis';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onceInMemory, type Once, type Proof } from '../../src/http/challenge/challenge.ts';
import { proofOfWork } from '../../src/http/challenge/proof-of-work.ts';
import { siteVerify } from '../../src/http/challenge/site-verify.ts';
import { onceInRedis } from '../../src/http/rate-limit/once.ts';
import { patience } from '../../src/http/rate-limit/patience.ts';
import { describeWithRedis } from '../harness/redis.ts';

const secret = 'a secret of the test, thirty-two bytes long';
const proof: Proof = { purpose: 'confirm', subject: 'chk_1', holder: 'key 1', address: '192.0.2.1' };

async function solve(challenge: Challenge): Promise<string> {
  const solution = await solveChallenge({ challenge, deriveKey });
  return Buffer.from(JSON.stringify({ challenge, solution })).toString('base64');
}

describe('a proof of work', () => {
  let now = Date.now();
  let solved = '';
  let challenge: Challenge;
  const make = (once: Once = onceInMemory({ now: () => now })): ReturnType<typeof proofOfWork> =>
    proofOfWork({ secret, once, now: () => now });

  beforeAll(async () => {
    challenge = await make().create('confirm', 'chk_1');
    solved = await solve(challenge);
  });

  test('that is solved holds once, and again for the same request', async () => {
    const work = make();
    expect(await work.verify(solved, proof)).toEqual({ ok: true });
    expect(await work.verify(solved, proof)).toEqual({ ok: true });
    expect(await work.verify(solved, { ...proof, holder: 'key 2' })).toMatchObject({
      code: 'challenge_failed',
    });
  });

  test('shown by ten requests at once lets one through', async () => {
    const work = make();
    const verdicts = await Promise.all(
      Array.from({ length: 10 }, (_, at) => work.verify(solved, { ...proof, holder: `key ${at}` })),
    );
    expect(verdicts.filter(({ ok }) => ok).length).toBe(1);
  });

  test('does not hold for another purpose, another checkout, or with another secret', async () => {
    const other = proofOfWork({ secret: 'another secret', once: onceInMemory(), now: () => now });
    expect(await make().verify(solved, { ...proof, purpose: 'sign_up' })).toMatchObject({ ok: false });
    expect(await make().verify(solved, { ...proof, subject: 'chk_2' })).toMatchObject({ ok: false });
    expect(await other.verify(solved, proof)).toMatchObject({ ok: false });
  });

  test('that was made easier by the caller does not hold', async () => {
    const eased = structuredClone(challenge);
    eased.parameters.cost = 1;
    eased.parameters.keyPrefix = '0';
    expect(await make().verify(await solve(eased), proof)).toMatchObject({ ok: false });
    const { signature, ...unsigned } = challenge;
    expect(signature).toBeDefined();
    expect(await make().verify(await solve(unsigned), proof)).toMatchObject({ ok: false });
  });

  test('with a guessed answer does not hold', async () => {
    const guess = { challenge, solution: { counter: 1, derivedKey: '00'.repeat(32) } };
    expect(await make().verify(Buffer.from(JSON.stringify(guess)).toString('base64'), proof)).toMatchObject({
      ok: false,
    });
  });

  test.each([
    '',
    'not base64 at all',
    'e30=',
    'bnVsbA==',
    'A'.repeat(100_000),
    Buffer.from('{"challenge":{"parameters":{"cost":1e9}}}').toString('base64'),
  ])('that cannot be read (%#) is refused and breaks nothing', async (text) => {
    expect(await make().verify(text, proof)).toMatchObject({ ok: false, code: 'challenge_failed' });
  });

  test('expires', async () => {
    const then = now;
    now += 10 * 60_000 + 1_000;
    expect(await make().verify(solved, proof)).toMatchObject({ detail: 'The challenge has expired.' });
    now = then;
  });

  test('asks for more work from a shop under attack, up to ten times', async () => {
    const costs = await Promise.all(
      [1, 4, 1_000].map(async (work) => (await make().create('confirm', 'c', work)).parameters.cost),
    );
    expect(costs).toEqual([5_000, 20_000, 50_000]);
  });
});

describe('hCaptcha and Turnstile', () => {
  let server: Server;
  let url = '';
  let reply: { status: number; body: string } = { status: 200, body: '' };
  let asked = '';
  beforeAll(async () => {
    server = createServer((request, response) => {
      asked = '';
      request.on('data', (chunk: Buffer) => (asked += chunk.toString()));
      request.on('end', () => response.writeHead(reply.status).end(reply.body));
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/siteverify`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test.each([
    [200, '{"success":true}', 'ok'],
    [200, '{"success":true,"action":"confirm"}', 'ok'],
    [200, '{"success":true,"action":"sign_up"}', 'challenge_failed'],
    [200, '{"success":false,"error-codes":["timeout-or-duplicate"]}', 'challenge_failed'],
    [200, '<html>', 'unavailable'],
    [200, '{"success":"yes"}', 'unavailable'],
    [500, '{"success":true}', 'unavailable'],
    [302, '', 'unavailable'],
  ])('an answer %d %s means %s', async (status, body, code) => {
    reply = { status, body };
    const verdict = await siteVerify('turnstile', { secret: 's', siteKey: 'k', url }).verify('token', proof);
    expect(verdict.ok ? 'ok' : verdict.code).toBe(code);
    expect(Object.fromEntries(new URLSearchParams(asked))).toEqual({
      secret: 's',
      response: 'token',
      remoteip: '192.0.2.1',
      idempotency_key: 'key 1',
    });
  });

  test('a provider that is away is never a pass', async () => {
    const verdict = await siteVerify('hcaptcha', {
      secret: 's',
      siteKey: 'k',
      url: 'http://127.0.0.1:1/',
    }).verify('token', proof);
    expect(verdict).toMatchObject({ ok: false, code: 'unavailable' });
  });
});

describeWithRedis('once in Redis', (url) => {
  test('holds for ten at once, remembers the holder, and falls back when the connection is gone', async () => {
    const client = new Redis(url);
    await client.ping();
    const once = onceInRedis(client, onceInMemory(), patience({ onFailure: () => undefined, msMax: 5_000 }));
    const key = `challenge:test ${process.pid} ${Date.now()}`;
    const won = await Promise.all(Array.from({ length: 10 }, (_, at) => once(key, `holder ${at}`, 5_000)));
    expect(won.filter(Boolean).length).toBe(1);
    expect(await once(key, `holder ${won.indexOf(true)}`, 5_000)).toBe(true);
    await client.quit();
    expect(await once('other', 'a', 5_000)).toBe(true);
    expect(await once('other', 'b', 5_000)).toBe(false);
  });
});
