import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startAdyenSandbox } from '../../src/sandbox/adyen/adyen.ts';
import { redirectResult, threeDSResult } from '../../src/sandbox/adyen/shopper.ts';
import { checkoutApi, ledgerOf, merchantAccount, paymentRequest, sandboxCall } from './adyen-bench.ts';

let sandbox: Awaited<ReturnType<typeof startAdyenSandbox>>;
let api: ReturnType<typeof checkoutApi>;
beforeAll(async () => {
  sandbox = await startAdyenSandbox();
  api = checkoutApi(sandbox.url);
});
afterAll(() => sandbox.close());

const challenged = { number: '4917610000000000' };
const native = { authenticationData: { threeDSRequestData: { nativeThreeDS: 'preferred' } } };

/** The token of the action of a native step. */
function tokenOf(answer: { action?: unknown }): string {
  return (answer.action as { authorisationToken: string }).authorisationToken;
}

describe('a card payment', () => {
  test('is authorised, with what is known of the card', async () => {
    const request = paymentRequest();
    const answer = await api.PaymentsApi.payments(request);
    expect(answer).toMatchObject({
      resultCode: 'Authorised',
      merchantReference: request.reference,
      amount: { value: 1299, currency: 'EUR' },
      paymentMethod: { brand: 'visa', type: 'scheme' },
      fraudResult: { accountScore: 0 },
      additionalData: {
        cardBin: '411111',
        issuerCountry: 'NL',
        fundingSource: 'CREDIT',
        cvcResult: '1 Matches',
      },
    });
    expect(answer.pspReference).toMatch(/^[A-Z0-9]{16}$/);
    expect(answer.additionalData!['networkTxReference']).toMatch(/^\d{15}$/);
  });

  test('has the same alias whenever the same card pays', async () => {
    const [one, other, third] = await Promise.all([
      api.PaymentsApi.payments(paymentRequest()),
      api.PaymentsApi.payments(paymentRequest()),
      api.PaymentsApi.payments(paymentRequest({}, { number: '5555444433331111' })),
    ]);
    expect(one.additionalData!['alias']).toBe(other.additionalData!['alias']);
    expect(one.additionalData!['alias']).not.toBe(third.additionalData!['alias']);
  });

  test.each([
    ['DECLINED', 'Refused', '2', 'Refused'],
    ['NOT_ENOUGH_BALANCE', 'Refused', '12', 'Not enough balance'],
    ['CARD_EXPIRED', 'Refused', '6', 'Expired Card'],
    ['FRAUD', 'Refused', '20', 'FRAUD'],
    ['AUTHENTICATION_REQUIRED', 'Refused', '38', 'Authentication required'],
    ['DECLINED : 05 : Do not honor', 'Refused', '2', 'Refused'],
    ['ERROR', 'Error', '4', 'Acquirer Error'],
  ])(
    'of holder %s ends as %s with code %s',
    async (holderName, resultCode, refusalReasonCode, refusalReason) => {
      const answer = await api.PaymentsApi.payments(paymentRequest({}, { holderName }));
      expect(answer).toMatchObject({ resultCode, refusalReasonCode, refusalReason });
    },
  );

  test('can ask for a refusal by its code', async () => {
    const request = paymentRequest({ additionalData: { RequestedTestAcquirerResponseCode: '9' } });
    expect(await api.PaymentsApi.payments(request)).toMatchObject({ refusalReason: 'Issuer Unavailable' });
  });

  test.each([
    ['PENDING', 'Received'],
    ['PENDING_ACQUIRER', 'Pending'],
  ])('of holder %s is answered %s and moves nothing', async (holderName, resultCode) => {
    const request = paymentRequest({}, { holderName });
    expect(await api.PaymentsApi.payments(request)).toMatchObject({ resultCode });
    expect(await ledgerOf(sandbox.url, request.reference)).toMatchObject({
      state: 'pending',
      authorisations: [],
    });
  });

  test('may be authorised in part, and the answer says how much', async () => {
    const request = paymentRequest({}, { holderName: 'PARTIALLY_AUTHORISED' });
    const answer = await api.PaymentsApi.payments(request);
    expect(answer).toMatchObject({
      resultCode: 'PartiallyAuthorised',
      amount: { value: 649, currency: 'EUR' },
    });
    expect(await ledgerOf(sandbox.url, request.reference)).toMatchObject({ amount: 1299, authorised: 649 });
  });

  test('with a wrong security code or a past year is refused by the issuer', async () => {
    expect(await api.PaymentsApi.payments(paymentRequest({}, { code: '123' }))).toMatchObject({
      refusalReason: 'CVC Declined',
      additionalData: { cvcResult: '2 Does not match' },
    });
    expect(await api.PaymentsApi.payments(paymentRequest({}, { year: '2020' }))).toMatchObject({
      refusalReason: 'Expired Card',
    });
  });

  test('of zero stores a card without moving money', async () => {
    const request = paymentRequest({
      amount: { value: 0, currency: 'EUR' },
      shopperReference: 'cus_zero',
      storePaymentMethod: true,
      recurringProcessingModel: 'UnscheduledCardOnFile',
    });
    const answer = await api.PaymentsApi.payments(request);
    expect(answer.resultCode).toBe('Authorised');
    expect(answer.additionalData!['tokenization.storedPaymentMethodId']).toMatch(/^[A-Z0-9]{16}$/);
    expect(await ledgerOf(sandbox.url, request.reference)).toMatchObject({ authorised: 0, captured: 0 });
  });
});

describe('a request that Adyen turns away', () => {
  test.each([
    ['with an unknown key', 401, '000', 'security', {}, 'wrong'],
    ['for another merchant account', 403, '901', 'security', { merchantAccount: 'Other' }, undefined],
    ['without a reference', 422, '130', 'validation', { reference: '' }, undefined],
    [
      'with a fraction of a cent',
      422,
      '137',
      'validation',
      { amount: { value: 1.5, currency: 'EUR' } },
      undefined,
    ],
    [
      'with a raw card number',
      403,
      '010',
      'security',
      { paymentMethod: { type: 'scheme', number: '4111111111111111' } },
      undefined,
    ],
    [
      'with an unknown stored card',
      422,
      '800',
      'validation',
      { paymentMethod: { storedPaymentMethodId: 'X' } },
      undefined,
    ],
  ])('%s gets %i', async (_, status, errorCode, errorType, changes, apiKey) => {
    const caller = checkoutApi(sandbox.url, apiKey);
    const failure = caller.PaymentsApi.payments(paymentRequest(changes));
    await expect(failure).rejects.toMatchObject({
      statusCode: status,
      errorCode,
      apiError: { status, errorCode, errorType },
    });
  });

  test('of a version before 71 gets 404', async () => {
    const response = await fetch(`${sandbox.url}/v70/payments`, {
      method: 'POST',
      headers: { 'x-api-key': 'adyen_sandbox_key' },
    });
    expect(response.status).toBe(404);
  });
});

describe('3-D Secure', () => {
  test('native: identifies the device, challenges the shopper, authorises', async () => {
    const request = paymentRequest(native, challenged);
    const identify = await api.PaymentsApi.payments(request);
    expect(identify).toMatchObject({
      resultCode: 'IdentifyShopper',
      action: { type: 'threeDS2', subtype: 'fingerprint' },
    });
    expect(identify.pspReference).toBeUndefined();
    const challenge = await api.PaymentsApi.paymentsDetails({
      details: { threeDSResult: threeDSResult(tokenOf(identify)) },
    });
    expect(challenge).toMatchObject({ resultCode: 'ChallengeShopper', action: { subtype: 'challenge' } });
    const done = await api.PaymentsApi.paymentsDetails({
      details: { threeDSResult: threeDSResult(tokenOf(challenge)) },
    });
    expect(done).toMatchObject({
      resultCode: 'Authorised',
      merchantReference: request.reference,
      additionalData: { liabilityShift: 'true', eci: '05', threeDAuthenticated: 'true' },
    });
  });

  test('frictionless: authorises after the fingerprint', async () => {
    const identify = await api.PaymentsApi.payments(paymentRequest(native, { number: '5201281505129736' }));
    const done = await api.PaymentsApi.paymentsDetails({
      details: { threeDSResult: threeDSResult(tokenOf(identify)) },
    });
    expect(done).toMatchObject({ resultCode: 'Authorised', additionalData: { eci: '02' } });
  });

  test.each([
    ['N', 'Refused', '11'],
    ['R', 'Refused', '11'],
    ['U', 'Refused', '42'],
    ['A', 'Authorised', undefined],
    ['I', 'Authorised', undefined],
  ])('a challenge that ends with %s makes it %s', async (transStatus, resultCode, refusalReasonCode) => {
    const request = paymentRequest(native, challenged);
    const identify = await api.PaymentsApi.payments(request);
    const challenge = await api.PaymentsApi.paymentsDetails({
      details: { threeDSResult: threeDSResult(tokenOf(identify)) },
    });
    const details = { threeDSResult: threeDSResult(tokenOf(challenge), transStatus) };
    const done = await api.PaymentsApi.paymentsDetails({ details });
    expect(done.resultCode).toBe(resultCode);
    expect(done.refusalReasonCode).toBe(refusalReasonCode);
    const shifts = String(transStatus === 'A');
    expect(done.additionalData!['liabilityShift']).toBe(shifts);
  });

  test('by redirect: a page with three choices leads back with a result, each ending differently', async () => {
    for (const [choice, resultCode] of [
      ['approve', 'Authorised'],
      ['decline', 'Refused'],
      ['cancel', 'Cancelled'],
    ] as const) {
      const answer = await api.PaymentsApi.payments(paymentRequest({}, challenged));
      expect(answer.resultCode).toBe('RedirectShopper');
      const page = await (await fetch((answer.action as { url: string }).url)).text();
      expect(page).toContain('stand-in Adyen');
      const href = new RegExp(`href="([^"]+)" id="${choice}"`).exec(page)![1]!.replaceAll('&#38;', '&');
      const back = new URL(href);
      expect(back.host).toBe('shop.example');
      expect(back.searchParams.get('order')).toBe('1');
      const details = { redirectResult: back.searchParams.get('redirectResult')! };
      expect((await api.PaymentsApi.paymentsDetails({ details })).resultCode).toBe(resultCode);
    }
  });

  test('a shopper who returns twice moves money once and hears the same', async () => {
    const request = paymentRequest({}, challenged);
    const answer = await api.PaymentsApi.payments(request);
    const token = (answer.action as { url: string }).url.split('/').at(-1)!;
    const details = { redirectResult: redirectResult(token) };
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => api.PaymentsApi.paymentsDetails({ details })),
    );
    expect(new Set(answers.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(await ledgerOf(sandbox.url, request.reference)).toMatchObject({ authorisations: [1299] });
  });

  test('a fingerprint brought again does not stand for the challenge', async () => {
    const request = paymentRequest(native, challenged);
    const identify = await api.PaymentsApi.payments(request);
    const details = { threeDSResult: threeDSResult(tokenOf(identify)) };
    const challenge = await api.PaymentsApi.paymentsDetails({ details });
    expect(await api.PaymentsApi.paymentsDetails({ details })).toEqual(challenge);
    expect(await ledgerOf(sandbox.url, request.reference)).toMatchObject({
      state: 'waiting',
      authorisations: [],
    });
  });

  test('an exemption that was asked for keeps the liability here, authenticated or not', async () => {
    const authenticationData = { ...native.authenticationData, attemptAuthentication: 'always' };
    const additionalData = { scaExemption: 'lowValue' };
    const identify = await api.PaymentsApi.payments(
      paymentRequest({ authenticationData, additionalData }, { number: '5201281505129736' }),
    );
    const details = { threeDSResult: threeDSResult(tokenOf(identify)) };
    expect(await api.PaymentsApi.paymentsDetails({ details })).toMatchObject({
      resultCode: 'Authorised',
      additionalData: {
        scaExemptionRequested: 'lowValue',
        liabilityShift: 'false',
        threeDAuthenticated: 'true',
      },
    });
  });

  test('a script can play the shopper', async () => {
    const request = paymentRequest({}, challenged);
    expect((await api.PaymentsApi.payments(request)).resultCode).toBe('RedirectShopper');
    const back = (await sandboxCall(sandbox.url, 'POST', 'shopper', {
      reference: request.reference,
      result: 'N',
    })) as object;
    expect(await api.PaymentsApi.paymentsDetails(back)).toMatchObject({ resultCode: 'Refused' });
    expect(await sandboxCall(sandbox.url, 'POST', 'shopper', { reference: request.reference })).toEqual({
      refused: 'this payment waits for nobody',
    });
  });

  test('a result returned with the data of another payment is turned away', async () => {
    const [one, other] = await Promise.all([
      api.PaymentsApi.payments(paymentRequest(native, challenged)),
      api.PaymentsApi.payments(paymentRequest(native, challenged)),
    ]);
    const failure = api.PaymentsApi.paymentsDetails({
      paymentData: tokenOf(one),
      details: { threeDSResult: threeDSResult(tokenOf(other)) },
    });
    await expect(failure).rejects.toMatchObject({ statusCode: 422 });
  });

  test('a soft decline passes when the shopper is challenged, and only then', async () => {
    const holder = { holderName: 'AUTHENTICATION_REQUIRED' };
    const always = { authenticationData: { attemptAuthentication: 'always', ...native.authenticationData } };
    expect((await api.PaymentsApi.payments(paymentRequest({}, holder))).refusalReasonCode).toBe('38');
    const identify = await api.PaymentsApi.payments(paymentRequest(always, holder));
    const challenge = await api.PaymentsApi.paymentsDetails({
      details: { threeDSResult: threeDSResult(tokenOf(identify)) },
    });
    const done = await api.PaymentsApi.paymentsDetails({
      details: { threeDSResult: threeDSResult(tokenOf(challenge)) },
    });
    expect(done.resultCode).toBe('Authorised');
  });

  test.each([
    ['attemptAuthentication never', { authenticationData: { attemptAuthentication: 'never' } }],
    ['an exemption', { additionalData: { scaExemption: 'transactionRiskAnalysis' } }],
    [
      'a merchant-initiated payment',
      { shopperInteraction: 'ContAuth', recurringProcessingModel: 'Subscription' },
    ],
  ])('%s is not authenticated and shifts no liability', async (_, changes) => {
    const answer = await api.PaymentsApi.payments(paymentRequest(changes, challenged));
    expect(answer).toMatchObject({ resultCode: 'Authorised', additionalData: { liabilityShift: 'false' } });
  });

  test.each([
    ['Y', 'Authorised'],
    ['N', 'Refused'],
  ])('an external server that found %s makes it %s', async (authenticationResponse, resultCode) => {
    const mpiData = {
      authenticationResponse,
      directoryResponse: 'C',
      cavv: 'AAAB',
      eci: '05',
      dsTransID: 'x',
    };
    const answer = await api.PaymentsApi.payments(paymentRequest({ mpiData }, challenged));
    expect(answer.resultCode).toBe(resultCode);
  });

  test('can be all that is asked for', async () => {
    const authenticationData = { ...native.authenticationData, authenticationOnly: true };
    const request = paymentRequest({ authenticationData }, { number: '5201281505129736' });
    const identify = await api.PaymentsApi.payments(request);
    const done = await api.PaymentsApi.paymentsDetails({
      details: { threeDSResult: threeDSResult(tokenOf(identify)) },
    });
    expect(done).toMatchObject({
      resultCode: 'AuthenticationFinished',
      threeDS2Result: { transStatus: 'Y' },
    });
    const plain = await api.PaymentsApi.payments(paymentRequest({ authenticationData }));
    expect(plain.resultCode).toBe('AuthenticationNotRequired');
    expect(await ledgerOf(sandbox.url, request.reference)).toMatchObject({ authorisations: [] });
  });
});

describe('a stored card', () => {
  test('is listed, pays without the shopper, and is forgotten', async () => {
    const shopper = { shopperReference: 'cus_1', recurringProcessingModel: 'CardOnFile' };
    const first = await api.PaymentsApi.payments(paymentRequest({ ...shopper, storePaymentMethod: true }));
    await api.PaymentsApi.payments(paymentRequest({ ...shopper, storePaymentMethod: true }));
    const listed = await api.RecurringApi.getTokensForStoredPaymentDetails('cus_1', merchantAccount);
    expect(listed.storedPaymentMethods).toMatchObject([
      { brand: 'visa', lastFour: '1111', expiryYear: '2030' },
    ]);
    const storedPaymentMethodId = listed.storedPaymentMethods![0]!.id!;
    expect(first.additionalData!['tokenization.storedPaymentMethodId']).toBe(storedPaymentMethodId);
    const methods = await api.PaymentsApi.paymentMethods({ merchantAccount, shopperReference: 'cus_1' });
    expect(methods.storedPaymentMethods).toMatchObject([{ id: storedPaymentMethodId }]);

    const again = paymentRequest({
      shopperReference: 'cus_1',
      shopperInteraction: 'ContAuth',
      recurringProcessingModel: 'UnscheduledCardOnFile',
      paymentMethod: { type: 'scheme', storedPaymentMethodId },
    });
    expect((await api.PaymentsApi.payments(again)).resultCode).toBe('Authorised');
    const stranger = api.PaymentsApi.payments({ ...again, shopperReference: 'cus_2' });
    await expect(stranger).rejects.toMatchObject({ errorCode: '800' });

    await api.RecurringApi.deleteTokenForStoredPaymentDetails(
      storedPaymentMethodId,
      'cus_1',
      merchantAccount,
    );
    await expect(api.PaymentsApi.payments(again)).rejects.toMatchObject({ errorCode: '800' });
  });
});
