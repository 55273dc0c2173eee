import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Challenge } from 'altcha-lib';
import { type Reply, type TestService, newId, startTestService } from '../harness/service.ts';
import { solved } from './routes/operations.ts';

/** A program says so itself: by the shop's policies it is challenged at sign-up and when it adds a card. */
const program = { device: { user_agent: 'curl/8.5.0', ip: '192.0.2.9' } };

/** A checkout, and how a browser pays it. By the test policy 7,000 euros are challenged. */
async function checkoutOf(shop: TestService, amount = 700_000) {
  const { body } = await shop.call('POST', '/v1/checkouts', { body: { amount, currency: 'EUR' } });
  const path = `/v1/checkouts/${String(body['id'])}`;
  const secret = { 'tillgate-client-secret': String(body['client_secret']) };
  return {
    path,
    confirm: (solution?: string, idempotencyKey: string = newId('req')): Promise<Reply> =>
      shop.call('POST', `${path}/confirm`, {
        key: shop.keys.publishableKey,
        idempotencyKey,
        headers: {
          ...secret,
          ...(solution === undefined ? {} : { 'tillgate-challenge-solution': solution }),
        },
        body: { payment_method: 'pm_card_visa' },
      }),
  };
}

const failed = { status: 403, body: { code: 'challenge_failed' } };

describe('a proof of work', () => {
  let shop: TestService;
  beforeAll(async () => {
    shop = await startTestService({ env: { CHALLENGE_ROUNDS: '10' } });
  });
  afterAll(() => shop.close());

  const assess = (event: string, signals: object, idempotencyKey: string = newId('req')): Promise<Reply> =>
    shop.call('POST', '/v1/assessments', { body: { event, signals }, idempotencyKey });
  const show = (assessment: Reply, solution: string): Promise<Reply> =>
    shop.call('POST', `/v1/assessments/${String(assessment.body['id'])}/challenge`, { body: { solution } });
  const solutionOf = ({ body }: Reply): Promise<string> =>
    solved((body['challenge'] as { challenge: Challenge }).challenge);

  test.each(['account_creation', 'add_card'])('comes with the decision challenge at %s', async (event) => {
    const key = newId('req');
    const made = await assess(event, program, key);
    expect(made).toMatchObject({
      status: 201,
      body: { decision: 'challenge', challenge: { provider: 'proof_of_work' } },
    });
    // The reply is stored with its challenge: the visitor may be working on it.
    expect((await assess(event, program, key)).text).toBe(made.text);
    const solution = await solutionOf(made);
    expect(await show(made, solution)).toMatchObject({ status: 200, body: { solved: true } });
    expect(await show(made, solution)).toMatchObject({ status: 200, body: { solved: true } });
    expect(await show(await assess(event, program), solution)).toMatchObject(failed);
  });

  test('does not come with another decision', async () => {
    const made = await assess('account_creation', { device: { ip: '192.0.2.10' } });
    expect(made.body).toMatchObject({ decision: 'allow', challenge: null });
  });

  test('is asked of a browser before a doubtful card is tried, and lets it through once', async () => {
    const { path, confirm } = await checkoutOf(shop);
    const key = newId('req');
    const asked = await confirm(undefined, key);
    expect(asked).toMatchObject({
      status: 403,
      body: { code: 'challenge_required', challenge: { provider: 'proof_of_work' } },
    });
    expect(await shop.ledger()).toEqual([]);
    const solution = await solutionOf(asked);
    const paid = await confirm(solution, key);
    expect(paid).toMatchObject({ status: 200, body: { status: 'completed', assessment: null } });
    expect((await shop.call('GET', path)).body).toMatchObject({ assessment: { decision: 'challenge' } });
    // Whoever lost the answer shows the same solution with the same key; another request needs another.
    expect((await confirm(solution, key)).text).toBe(paid.text);
    const again = await confirm(solution);
    expect(again).toMatchObject(failed);
    expect(again.body['challenge']).toMatchObject({ provider: 'proof_of_work' });
    const other = await checkoutOf(shop);
    expect(other.path).not.toBe(path);
    expect(await other.confirm(solution)).toMatchObject(failed);
  });

  test('is not asked of a card that nobody doubts, nor of the shop’s server', async () => {
    const good = await checkoutOf(shop, 1299);
    expect(await good.confirm()).toMatchObject({ status: 200, body: { status: 'completed' } });
    const { path } = await checkoutOf(shop);
    const body = { payment_method: 'pm_card_visa' };
    expect(await shop.call('POST', `${path}/confirm`, { body })).toMatchObject({ status: 200 });
  });
});

describe.each(['turnstile', 'hcaptcha'])('%s', (provider) => {
  let shop: TestService;
  let siteverify: Server;
  /** Tokens as the provider keeps them: used once, by whoever named the use. */
  const used = new Map<string, string | null>();
  let isAway = false;

  beforeAll(async () => {
    siteverify = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => {
        if (isAway) return void response.writeHead(503).end();
        const asked = new URLSearchParams(text);
        const token = asked.get('response') ?? '';
        const holder = asked.get('idempotency_key');
        const isFresh = !used.has(token) || (holder !== null && used.get(token) === holder);
        const success = asked.get('secret') === 'site secret' && token.startsWith('good') && isFresh;
        if (success) used.set(token, holder);
        return void response.end(JSON.stringify({ success }));
      });
    });
    await new Promise<void>((resolve) => void siteverify.listen(0, '127.0.0.1', resolve));
    const { port } = siteverify.address() as AddressInfo;
    shop = await startTestService({
      env: {
        CHALLENGE_PROVIDER: provider,
        CHALLENGE_SITE_KEY: 'site key',
        CHALLENGE_SECRET: 'site secret',
        CHALLENGE_VERIFY_URL: `http://127.0.0.1:${port}/siteverify`,
      },
    });
  });
  afterAll(async () => {
    await shop.close();
    await new Promise((resolve) => siteverify.close(resolve));
  });

  test('is what a browser is sent to, and its token lets one request through', async () => {
    const { confirm } = await checkoutOf(shop);
    expect((await confirm()).body['challenge']).toEqual({
      provider,
      challenge: { site_key: 'site key', action: 'confirm' },
    });
    expect(await confirm('bad')).toMatchObject(failed);
    expect(await confirm('good 1')).toMatchObject({ status: 200 });
    expect(await (await checkoutOf(shop)).confirm('good 1')).toMatchObject(failed);
  });

  test('lets nobody through while it is away', async () => {
    isAway = true;
    const { confirm } = await checkoutOf(shop);
    expect(await confirm('good 2')).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    isAway = false;
    expect(await confirm('good 2')).toMatchObject({ status: 200 });
  });
});
