import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startAdyenSandbox, type AdyenSandboxOptions } from '../../src/sandbox/adyen/adyen.ts';
import { signText } from '../../src/sandbox/adyen/signature.ts';
import {
  checkoutApi,
  paymentRequest,
  sandboxCall,
  startReceiver,
  until,
  type Receiver,
} from './adyen-bench.ts';

let receiver: Receiver;
let sandbox: Awaited<ReturnType<typeof startAdyenSandbox>> | undefined;
beforeEach(async () => {
  receiver = await startReceiver();
});
afterEach(async () => {
  await sandbox?.close();
  receiver.close();
});

async function start(webhooks: AdyenSandboxOptions['webhooks'] = {}, retryMs: readonly number[] = []) {
  sandbox = await startAdyenSandbox({
    webhooks: { url: receiver.url, ...webhooks },
    webhookRetryMs: retryMs,
  });
  return { url: sandbox.url, api: checkoutApi(sandbox.url) };
}

test('the signature is the one of Adyen’s published vector', () => {
  const key = 'DFB1EB5485895CFA84146406857104ABB4CBCABDC8AAF103A624C8F6A3EAAB00';
  const text = 'pspReference:originalReference:merchantAccount:reference:1000:EUR:EVENT:true';
  expect(signText(text, key)).toBe('ipnxGCaUZ4l8TUW75a71/ghd2Fe5ffvX0pV4TLTntIc=');
});

describe('webhooks', () => {
  test('tell of authorisations and refusals, each genuinely signed', async () => {
    const { api } = await start();
    const good = await api.PaymentsApi.payments(paymentRequest());
    const bad = await api.PaymentsApi.payments(paymentRequest({}, { holderName: 'DECLINED' }));
    const yes = await receiver.item('AUTHORISATION', good.pspReference);
    const no = await receiver.item('AUTHORISATION', bad.pspReference);
    expect([yes.success, no.success]).toEqual(['true', 'false']);
    expect([receiver.isGenuine(yes), receiver.isGenuine(no)]).toEqual([true, true]);
    expect(no.reason).toBe('Refused');
  });

  test('are tried again until a 2xx is heard', async () => {
    receiver.status = 500;
    const { api } = await start({}, [5, 5, 5, 5, 5, 5, 5, 5]);
    await api.PaymentsApi.payments(paymentRequest());
    await until(() => receiver.ignored >= 3);
    receiver.status = 204;
    await until(() => receiver.bodies.length === 1);
  });

  test('come several in one body, and each body more than once, when asked to', async () => {
    const { api, url } = await start({ hold: true, batch: 3, copies: 2, shuffle: true });
    const requests = Array.from({ length: 6 }, () => paymentRequest());
    for (const request of requests) await api.PaymentsApi.payments(request);
    expect(receiver.bodies).toHaveLength(0);
    await sandboxCall(url, 'POST', 'webhooks', { hold: false });
    await until(() => receiver.bodies.length === 4);
    expect(receiver.bodies.map((items) => items.length)).toEqual([3, 3, 3, 3]);
    const heard = new Set(receiver.bodies.flat().map((item) => item.merchantReference));
    expect(heard).toEqual(new Set(requests.map(({ reference }) => reference)));
  });

  test('are held and delivered by hand in any order, any number of times', async () => {
    const { api, url } = await start({ hold: true });
    for (let count = 0; count < 3; count += 1) await api.PaymentsApi.payments(paymentRequest());
    for (const ids of [[3], [1], [2, 1], [1]]) {
      expect(await sandboxCall(url, 'POST', 'notifications/deliver', { ids })).toEqual({ status: 202 });
    }
    const { notifications } = (await sandboxCall(url, 'GET', 'notifications')) as {
      notifications: { id: number; item: { merchantReference: string }; delivered: boolean }[];
    };
    const nameOf = (id: number) => notifications[id - 1]!.item.merchantReference;
    expect(receiver.bodies.map((items) => items.map((item) => item.merchantReference))).toEqual(
      [[3], [1], [2, 1], [1]].map((ids) => ids.map(nameOf)),
    );
    expect(notifications.map(({ delivered }) => delivered)).toEqual([true, true, true]);
  });

  test.each(['signature', 'amount', 'account', 'success'])(
    'can carry one item with a spoilt %s among good ones',
    async (spoilt) => {
      const { api, url } = await start({ hold: true });
      for (let count = 0; count < 3; count += 1) await api.PaymentsApi.payments(paymentRequest());
      await sandboxCall(url, 'POST', 'notifications/deliver', { ids: [1, 2, 3], spoilt });
      expect(receiver.bodies[0]!.map((item) => receiver.isGenuine(item))).toEqual([false, true, true]);
    },
  );

  test('announce a report by its name and address', async () => {
    const { api, url } = await start();
    await api.PaymentsApi.payments(paymentRequest());
    await sandboxCall(url, 'POST', 'reports', { day: new Date().toISOString().slice(0, 10) });
    const item = await receiver.item('REPORT_AVAILABLE');
    expect(receiver.isGenuine(item)).toBe(true);
    expect(item.pspReference).toMatch(/^payments_accounting_report_\d{4}_\d\d_\d\d\.csv$/);
    const response = await fetch(item.reason, { headers: { 'x-api-key': 'adyen_sandbox_key' } });
    expect((await response.text()).split('\n')[0]).toContain(
      'Psp Reference,Merchant Reference,Payment Method',
    );
    expect((await fetch(item.reason)).status).toBe(401);
  });
});
