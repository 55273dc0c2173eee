import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startAdyenSandbox } from '../../src/sandbox/adyen/adyen.ts';
import {
  checkoutApi,
  ledgerOf,
  merchantAccount,
  paymentRequest,
  sandboxCall,
  startReceiver,
  type Receiver,
} from './adyen-bench.ts';

let receiver: Receiver;
let sandbox: Awaited<ReturnType<typeof startAdyenSandbox>>;
let api: ReturnType<typeof checkoutApi>;
beforeAll(async () => {
  receiver = await startReceiver();
  sandbox = await startAdyenSandbox({ account: { capture: 'manual' }, webhooks: { url: receiver.url } });
  api = checkoutApi(sandbox.url);
});
afterAll(async () => {
  await sandbox.close();
  receiver.close();
});

const eur = (value: number) => ({ value, currency: 'EUR' });

async function authorised(changes: Parameters<typeof paymentRequest>[0] = {}, holderName = 'J. Smith') {
  const request = paymentRequest(changes, { holderName });
  const { pspReference } = await api.PaymentsApi.payments(request);
  return { reference: request.reference, psp: pspReference! };
}

async function captured(value = 1299) {
  const payment = await authorised();
  const body = { merchantAccount, amount: eur(value) };
  const capture = await api.ModificationsApi.captureAuthorisedPayment(payment.psp, body);
  return { ...payment, capture: capture.pspReference };
}

describe('a modification', () => {
  test('captures: received first, CAPTURE with its own and the original reference after', async () => {
    const { psp, reference } = await authorised();
    const answer = await api.ModificationsApi.captureAuthorisedPayment(psp, {
      merchantAccount,
      amount: eur(1299),
      reference: 'cap_1',
    });
    expect(answer).toMatchObject({ status: 'received', paymentPspReference: psp, amount: eur(1299) });
    const item = await receiver.item('CAPTURE', answer.pspReference);
    expect(item).toMatchObject({
      success: 'true',
      originalReference: psp,
      merchantReference: 'cap_1',
      amount: eur(1299),
      merchantAccountCode: merchantAccount,
    });
    expect(receiver.isGenuine(item)).toBe(true);
    expect(await ledgerOf(sandbox.url, reference)).toMatchObject({
      captured: 1299,
      captures: [1299],
      voided: 0,
    });
  });

  test('captures in part and gives the rest back', async () => {
    const { reference } = await captured(1000);
    expect(await ledgerOf(sandbox.url, reference)).toMatchObject({ captured: 1000, voided: 299 });
  });

  test.each([
    ['more than is authorised', eur(1300), 'Insufficient balance on payment'],
    ['in another currency', { value: 1299, currency: 'USD' }, 'Currency of the modification differs'],
  ])('to capture %s is received and then fails by webhook', async (_, amount, reason) => {
    const { psp, reference } = await authorised();
    const answer = await api.ModificationsApi.captureAuthorisedPayment(psp, { merchantAccount, amount });
    expect(answer.status).toBe('received');
    const item = await receiver.item('CAPTURE', answer.pspReference);
    expect(item.success).toBe('false');
    expect(item.reason).toContain(reason);
    expect(await ledgerOf(sandbox.url, reference)).toMatchObject({ captured: 0, captures: [] });
  });

  test('cancels what is not captured, and only that', async () => {
    const open = await authorised();
    const cancel = await api.ModificationsApi.cancelAuthorisedPaymentByPspReference(open.psp, {
      merchantAccount,
    });
    expect(await receiver.item('CANCELLATION', cancel.pspReference)).toMatchObject({ success: 'true' });
    expect(await ledgerOf(sandbox.url, open.reference)).toMatchObject({ voided: 1299 });
    const taken = await captured();
    const late = await api.ModificationsApi.cancelAuthorisedPaymentByPspReference(taken.psp, {
      merchantAccount,
    });
    expect(await receiver.item('CANCELLATION', late.pspReference)).toMatchObject({ success: 'false' });
    expect(await ledgerOf(sandbox.url, taken.reference)).toMatchObject({ voided: 0, captured: 1299 });
  });

  test('cancels by the merchant reference alone', async () => {
    const { reference } = await authorised();
    const answer = await api.ModificationsApi.cancelAuthorisedPayment({
      merchantAccount,
      paymentReference: reference,
    });
    expect(answer).toMatchObject({ status: 'received', paymentReference: reference });
    expect(await receiver.item('TECHNICAL_CANCEL', answer.pspReference)).toMatchObject({ success: 'true' });
    expect(await ledgerOf(sandbox.url, reference)).toMatchObject({ voided: 1299 });
  });

  test('refunds in parts, never more than was captured', async () => {
    const { psp, reference } = await captured();
    const refunds = [];
    for (const value of [1000, 299, 1]) {
      const body = { merchantAccount, amount: eur(value) };
      refunds.push((await api.ModificationsApi.refundCapturedPayment(psp, body)).pspReference);
    }
    const items = await Promise.all(refunds.map((by) => receiver.item('REFUND', by)));
    expect(items.map(({ success }) => success)).toEqual(['true', 'true', 'false']);
    expect(await ledgerOf(sandbox.url, reference)).toMatchObject({ refunded: 1299, refunds: [1000, 299] });
  });

  test('reverses: cancels before the capture, refunds after it', async () => {
    for (const [payment, action] of [
      [await authorised(), 'cancel'],
      [await captured(), 'refund'],
    ] as const) {
      const answer = await api.ModificationsApi.refundOrCancelPayment(payment.psp, { merchantAccount });
      const item = await receiver.item('CANCEL_OR_REFUND', answer.pspReference);
      expect(item).toMatchObject({ success: 'true', additionalData: { 'modification.action': action } });
      const line = await ledgerOf(sandbox.url, payment.reference);
      expect(line).toMatchObject(action === 'cancel' ? { voided: 1299 } : { refunded: 1299, voided: 0 });
    }
  });

  test('adjusts what is authorised, after which more can be captured', async () => {
    const { psp, reference } = await authorised();
    const answer = await api.ModificationsApi.updateAuthorisedAmount(psp, {
      merchantAccount,
      amount: eur(2000),
    });
    expect(await receiver.item('AUTHORISATION_ADJUSTMENT', answer.pspReference)).toMatchObject({
      success: 'true',
    });
    await api.ModificationsApi.captureAuthorisedPayment(psp, { merchantAccount, amount: eur(2000) });
    expect(await ledgerOf(sandbox.url, reference)).toMatchObject({ authorised: 2000, captured: 2000 });
  });

  test('of an unknown payment is the one that is refused at once', async () => {
    const body = { merchantAccount, amount: eur(1) };
    const failure = api.ModificationsApi.captureAuthorisedPayment('NOBODYKNOWSTHIS1', body);
    await expect(failure).rejects.toMatchObject({ statusCode: 422, errorCode: '167' });
  });

  test.each(['capture', 'refund'])('wins once when ten ask to %s at the same time', async (verb) => {
    const payment = verb === 'capture' ? await authorised() : await captured();
    const body = { merchantAccount, amount: eur(1299) };
    const { ModificationsApi: modifications } = api;
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        verb === 'capture'
          ? modifications.captureAuthorisedPayment(payment.psp, body)
          : modifications.refundCapturedPayment(payment.psp, body),
      ),
    );
    const items = await Promise.all(
      answers.map(({ pspReference }) => receiver.item(verb.toUpperCase(), pspReference)),
    );
    expect(items.filter(({ success }) => success === 'true')).toHaveLength(1);
    expect(await ledgerOf(sandbox.url, payment.reference)).toMatchObject({ captures: [1299] });
  });
});

describe('an account with multiple partial captures', () => {
  test('captures until nothing is left', async () => {
    const generous = await startAdyenSandbox({
      account: { capture: 'manual', multiplePartialCaptures: true },
    });
    const caller = checkoutApi(generous.url);
    const request = paymentRequest();
    const { pspReference } = await caller.PaymentsApi.payments(request);
    for (const value of [500, 500, 299, 1]) {
      await caller.ModificationsApi.captureAuthorisedPayment(pspReference!, {
        merchantAccount,
        amount: eur(value),
      });
    }
    expect(await ledgerOf(generous.url, request.reference)).toMatchObject({
      captures: [500, 500, 299],
      voided: 0,
    });
    await generous.close();
  });
});

describe('what happens to a payment later', () => {
  const happen = (psp: string, event: string, options: object = {}) =>
    sandboxCall(sandbox.url, 'POST', `payments/${psp}/${event}`, options);

  test('a capture fails after it was said to have worked', async () => {
    const { psp, capture, reference } = await captured();
    await happen(psp, 'capture_failed');
    expect(await receiver.item('CAPTURE_FAILED', capture)).toMatchObject({ originalReference: psp });
    expect(await ledgerOf(sandbox.url, reference)).toMatchObject({ captured: 0, captures: [] });
    expect(await happen(psp, 'capture_failed')).toEqual({ refused: 'nothing was captured' });
  });

  test.each([
    ['refund_failed', 'REFUND_FAILED'],
    ['refund_reversed', 'REFUNDED_REVERSED'],
  ])('a refund comes back: %s', async (event, eventCode) => {
    const { psp, reference } = await captured();
    const body = { merchantAccount, amount: eur(1299) };
    const refund = await api.ModificationsApi.refundCapturedPayment(psp, body);
    await happen(psp, event);
    expect(await receiver.item(eventCode, refund.pspReference)).toMatchObject({ originalReference: psp });
    expect(await ledgerOf(sandbox.url, reference)).toMatchObject({ refunded: 0, refunds: [] });
  });

  test('Adyen’s own triggers make a capture and a refund fail', async () => {
    const capture = await authorised({}, 'capture failed');
    const body = { merchantAccount, amount: eur(1299) };
    const taken = await api.ModificationsApi.captureAuthorisedPayment(capture.psp, body);
    await receiver.item('CAPTURE_FAILED', taken.pspReference);
    const refund = await authorised({ additionalData: { manualCapture: 'false' } }, 'refund failed');
    const given = await api.ModificationsApi.refundCapturedPayment(refund.psp, body);
    await receiver.item('REFUND_FAILED', given.pspReference);
    expect(await ledgerOf(sandbox.url, refund.reference)).toMatchObject({ captured: 1299, refunded: 0 });
  });

  test('an authorisation expires, and can then not be captured', async () => {
    const { psp, reference } = await authorised();
    await happen(psp, 'expire');
    await receiver.item('EXPIRE');
    const body = { merchantAccount, amount: eur(1299) };
    const capture = await api.ModificationsApi.captureAuthorisedPayment(psp, body);
    expect(await receiver.item('CAPTURE', capture.pspReference)).toMatchObject({ success: 'false' });
    expect(await ledgerOf(sandbox.url, reference)).toMatchObject({ voided: 1299, captured: 0 });
  });

  test('a dispute opens, takes the money and gives it back, under one reference', async () => {
    const { psp, reference } = await captured();
    for (const step of ['request_for_information', 'notification_of_chargeback', 'chargeback'])
      await happen(psp, step);
    const chargeback = await receiver.item('CHARGEBACK');
    expect(chargeback).toMatchObject({
      originalReference: psp,
      additionalData: { disputeStatus: 'Undefended' },
    });
    expect(await ledgerOf(sandbox.url, reference)).toMatchObject({ charged_back: 1299 });
    await happen(psp, 'chargeback_reversed');
    await receiver.item('CHARGEBACK_REVERSED', chargeback.pspReference);
    await receiver.item('REQUEST_FOR_INFORMATION', chargeback.pspReference);
    expect(await ledgerOf(sandbox.url, reference)).toMatchObject({ charged_back: 0 });
  });

  test('an issuer reports fraud and moves nothing', async () => {
    const { psp, reference } = await captured();
    await happen(psp, 'fraud');
    expect(await receiver.item('NOTIFICATION_OF_FRAUD')).toMatchObject({ originalReference: psp });
    expect(await ledgerOf(sandbox.url, reference)).toMatchObject({ charged_back: 0, refunded: 0 });
  });

  test('a rejected manual review gives the money back', async () => {
    const { psp, reference } = await authorised();
    await happen(psp, 'review_reject');
    await receiver.item('MANUAL_REVIEW_REJECT');
    expect(await ledgerOf(sandbox.url, reference)).toMatchObject({ voided: 1299 });
  });

  test('a pending payment succeeds late', async () => {
    const { psp, reference } = await authorised({}, 'PENDING');
    await happen(psp, 'settle');
    expect(await receiver.item('AUTHORISATION', psp)).toMatchObject({ success: 'true' });
    expect(await ledgerOf(sandbox.url, reference)).toMatchObject({ authorised: 1299 });
  });

  test('nothing unknown happens', async () => {
    const { psp } = await authorised();
    expect(await happen(psp, 'constructor')).toEqual({ refused: 'no event constructor' });
  });
});
