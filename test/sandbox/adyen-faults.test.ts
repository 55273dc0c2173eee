import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startAdyenSandbox } from '../../src/sandbox/adyen/adyen.ts';
import { checkoutApi, ledger, ledgerOf, paymentRequest, sandboxCall } from './adyen-bench.ts';

let sandbox: Awaited<ReturnType<typeof startAdyenSandbox>>;
let api: ReturnType<typeof checkoutApi>;
beforeEach(async () => {
  sandbox = await startAdyenSandbox();
  api = checkoutApi(sandbox.url);
});
afterEach(() => sandbox.close());

const fault = (script: object) => sandboxCall(sandbox.url, 'POST', 'faults', script);
const lines = () => ledger(sandbox.url);

describe('an idempotency key', () => {
  test('gives everybody the first answer and moves money once', async () => {
    const request = paymentRequest();
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => api.PaymentsApi.payments(request, { idempotencyKey: 'one' })),
    );
    expect(new Set(answers.map(({ pspReference }) => pspReference)).size).toBe(1);
    expect(await ledgerOf(sandbox.url, request.reference)).toMatchObject({
      authorisations: [1299],
      idempotency_keys: ['one'],
    });
  });

  test('is worth nothing to another request', async () => {
    await api.PaymentsApi.payments(paymentRequest(), { idempotencyKey: 'one' });
    const other = api.PaymentsApi.payments(paymentRequest(), { idempotencyKey: 'one' });
    await expect(other).rejects.toMatchObject({ statusCode: 422, errorCode: '704' });
    expect(await lines()).toHaveLength(1);
  });

  test('that is being worked on makes nine of ten wait, with 704 and transient-error', async () => {
    await fault({ match: { path: '/payments' }, when: 'before', do: 'delay', ms: 200 });
    const request = paymentRequest();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, () => api.PaymentsApi.payments(request, { idempotencyKey: 'slow' })),
    );
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused).toHaveLength(9);
    expect(refused[0]!.reason).toMatchObject({
      errorCode: '704',
      responseHeaders: { 'transient-error': 'true' },
    });
    expect(await ledgerOf(sandbox.url, request.reference)).toMatchObject({ authorisations: [1299] });
  });

  test('may have 64 characters and not 65', async () => {
    const key = 'k'.repeat(64);
    await api.PaymentsApi.payments(paymentRequest(), { idempotencyKey: key });
    const longer = api.PaymentsApi.payments(paymentRequest(), { idempotencyKey: `${key}k` });
    await expect(longer).rejects.toMatchObject({ statusCode: 422 });
    expect(await lines()).toHaveLength(1);
  });
});

describe('a fault', () => {
  const silent = [
    'hang',
    'reset',
    'reset_in_body',
    'truncate',
    'html',
    'redirect',
    'error',
    'rate_limit',
    'lock_timeout',
  ];

  test.each(silent.flatMap((what) => [['before', what] as const, ['after', what] as const]))(
    '%s the charge (%s) leaves the caller without an answer, and the same key finds out',
    async (when, what) => {
      await fault({ match: { path: '/payments' }, when, do: what, ms: 30 });
      const request = paymentRequest();
      const first = await api.PaymentsApi.payments(request, { idempotencyKey: 'k' }).then(
        (answer) => answer,
        (error: unknown) => ({ error }),
      );
      expect('resultCode' in first ? first.resultCode : undefined).toBeUndefined();
      expect(await lines()).toHaveLength(when === 'before' ? 0 : 1);
      const again = await api.PaymentsApi.payments(request, { idempotencyKey: 'k' });
      expect(again.resultCode).toBe('Authorised');
      expect(await ledgerOf(sandbox.url, request.reference)).toMatchObject({ authorisations: [1299] });
    },
  );

  test.each(['delay', 'drip'])('that only makes it slow (%s) still brings the whole answer', async (what) => {
    await fault({ do: what, ms: 60 });
    expect((await api.PaymentsApi.payments(paymentRequest())).resultCode).toBe('Authorised');
  });

  test('promises a safe retry only when nothing was executed', async () => {
    for (const [when, promise] of [
      ['before', 'true'],
      ['after', undefined],
    ]) {
      await fault({ match: { path: '/payments' }, when, do: 'error' });
      const failure = await api.PaymentsApi.payments(paymentRequest()).catch((error: unknown) => error);
      const { responseHeaders } = failure as { responseHeaders: Record<string, string> };
      expect(responseHeaders['transient-error']).toBe(promise);
      await sandboxCall(sandbox.url, 'DELETE', 'faults');
    }
  });

  test.each([
    [{ amount: { value: 1, currency: 'EUR' } }, { amount: { value: 1 } }],
    [{ amount: { value: 1299, currency: 'USD' } }, { amount: { currency: 'USD' } }],
    [{ merchantReference: 'another' }, { merchantReference: 'another' }],
  ])('answers %j, whatever was charged', async (set, heard) => {
    await fault({ do: 'alter', set });
    const request = paymentRequest();
    expect(await api.PaymentsApi.payments(request)).toMatchObject(heard);
    expect(await ledgerOf(sandbox.url, request.reference)).toMatchObject({
      authorised: 1299,
      currency: 'EUR',
    });
  });

  test('hits the payment that it names and no other', async () => {
    const request = paymentRequest();
    await fault({ match: { metadata: { reference: request.reference } }, do: 'error', status: 503 });
    expect((await api.PaymentsApi.payments(paymentRequest())).resultCode).toBe('Authorised');
    await expect(api.PaymentsApi.payments(request)).rejects.toMatchObject({ statusCode: 503 });
  });

  test('with a mistake in its script is turned away with the reason', async () => {
    expect(await fault({ do: 'explode' })).toMatchObject({ refused: expect.stringContaining('do') });
  });
});
