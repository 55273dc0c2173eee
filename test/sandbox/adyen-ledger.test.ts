import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { startAdyenSandbox } from '../../src/sandbox/adyen/adyen.ts';
import { threeDSResult } from '../../src/sandbox/adyen/shopper.ts';
import {
  checkoutApi,
  ledger,
  ledgerOf,
  merchantAccount,
  paymentRequest,
  sandboxCall,
  startReceiver,
} from './adyen-bench.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'adyen-ledger-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

describe('a restart', () => {
  test('keeps the books, the keys, the stored cards and who is waited for', async () => {
    const before = await startAdyenSandbox({ dataDir, account: { capture: 'manual' } });
    const api = checkoutApi(before.url);
    const request = paymentRequest({ shopperReference: 'cus_1', storePaymentMethod: true });
    const paid = await api.PaymentsApi.payments(request, { idempotencyKey: 'k' });
    await api.ModificationsApi.captureAuthorisedPayment(paid.pspReference!, {
      merchantAccount,
      amount: { value: 1299, currency: 'EUR' },
    });
    const challenged = paymentRequest(
      { authenticationData: { threeDSRequestData: { nativeThreeDS: 'preferred' } } },
      { number: '5201281505129736' },
    );
    const identify = await api.PaymentsApi.payments(challenged);
    const books = await ledger(before.url);
    await before.close();

    const after = await startAdyenSandbox({ dataDir, account: { capture: 'manual' } });
    const again = checkoutApi(after.url);
    expect(await ledger(after.url)).toEqual(books);
    const replayed = await again.PaymentsApi.payments(request, { idempotencyKey: 'k' });
    expect(replayed.pspReference).toBe(paid.pspReference);
    const cards = await again.RecurringApi.getTokensForStoredPaymentDetails('cus_1', merchantAccount);
    expect(cards.storedPaymentMethods).toHaveLength(1);
    const token = (identify.action as unknown as { authorisationToken: string }).authorisationToken;
    const done = await again.PaymentsApi.paymentsDetails({
      details: { threeDSResult: threeDSResult(token) },
    });
    expect(done).toMatchObject({ resultCode: 'Authorised', merchantReference: challenged.reference });
    await after.close();
  });

  test('delivers the webhooks that nobody had heard, and not the others', async () => {
    const receiver = await startReceiver();
    const before = await startAdyenSandbox({ dataDir, webhooks: { url: receiver.url, hold: true } });
    const api = checkoutApi(before.url);
    const one = await api.PaymentsApi.payments(paymentRequest());
    const other = await api.PaymentsApi.payments(paymentRequest());
    await sandboxCall(before.url, 'POST', 'notifications/deliver', { ids: [1] });
    await before.close();
    const after = await startAdyenSandbox({ dataDir, webhooks: { url: receiver.url } });
    await receiver.item('AUTHORISATION', other.pspReference);
    const heard = receiver.bodies.flat().map(({ pspReference }) => pspReference);
    expect(heard).toEqual([one.pspReference, other.pspReference]);
    await after.close();
    receiver.close();
  });
});

describe('the books', () => {
  test('capture at once, later, or when asked to', async () => {
    let now = Date.UTC(2026, 2, 1);
    const sandbox = await startAdyenSandbox({ now: () => now });
    const api = checkoutApi(sandbox.url);
    const [atOnce, later, never] = [
      paymentRequest(),
      paymentRequest({ captureDelayHours: 2 }),
      paymentRequest({ additionalData: { manualCapture: 'true' } }),
    ];
    for (const request of [atOnce, later, never]) await api.PaymentsApi.payments(request);
    const captured = async () =>
      Promise.all(
        [atOnce, later, never].map(
          async ({ reference }) => (await ledgerOf(sandbox.url, reference)).captured,
        ),
      );
    expect(await captured()).toEqual([1299, 0, 0]);
    now += 2 * 3_600_000;
    expect(await captured()).toEqual([1299, 1299, 0]);
    await sandbox.close();
  });

  test('are told to the merchant as a day’s report', async () => {
    let now = Date.UTC(2026, 2, 1, 12);
    const sandbox = await startAdyenSandbox({ now: () => now });
    const api = checkoutApi(sandbox.url);
    const euro = paymentRequest();
    const yen = paymentRequest({ amount: { value: 1299, currency: 'JPY' } }, { holderName: 'DECLINED' });
    const peso = paymentRequest({ amount: { value: 1299, currency: 'CLP' } }, { holderName: 'PENDING' });
    const { pspReference } = await api.PaymentsApi.payments(euro);
    await api.PaymentsApi.payments(yen);
    await api.PaymentsApi.payments(peso);
    now += 86_400_000;
    await api.ModificationsApi.refundCapturedPayment(pspReference!, {
      merchantAccount,
      amount: { value: 99, currency: 'EUR' },
    });
    const reportOf = async (day: string) => {
      const address = `${sandbox.url}/reports/payments_accounting_report_${day}.csv`;
      const response = await fetch(address, { headers: { 'x-api-key': 'adyen_sandbox_key' } });
      const rows: Record<string, string>[] = parse(await response.text(), { columns: true });
      return rows.map((row) => [row['Merchant Reference'], row['Record Type'], row['Main Amount']]);
    };
    expect(await reportOf('2026_03_01')).toEqual([
      [euro.reference, 'Received', '12.99'],
      [yen.reference, 'Received', '1299'],
      [yen.reference, 'Refused', '1299'],
      // Adyen counts two decimals of a Chilean peso, ISO 4217 none.
      [peso.reference, 'Received', '12.99'],
      [euro.reference, 'Authorised', '12.99'],
      [euro.reference, 'SentForSettle', '12.99'],
    ]);
    expect(await reportOf('2026_03_02')).toEqual([[euro.reference, 'SentForRefund', '0.99']]);
    await sandbox.close();
  });
});
