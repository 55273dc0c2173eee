import { z } from 'zod';
import { createAdyenPsp, type AdyenConfig } from '../../src/psp/adyen/adyen.ts';
import {
  adyenSandboxAccount,
  adyenSandboxWebhooks,
  startAdyenSandbox,
} from '../../src/sandbox/adyen/adyen.ts';
import { redirectResult, threeDSResult } from '../../src/sandbox/adyen/shopper.ts';
import type { NextAction } from '../../src/domain/payment/outcome.ts';
import type { WebhookBody } from '../../src/psp/psp.ts';
import {
  become,
  booksOf,
  money,
  newId,
  paymentsOf,
  script,
  subjectOf,
  timeoutMs,
  webhookReceiver,
  type Stand,
} from './stand.ts';

const storedSchema = z.object({ storedPaymentMethods: z.array(z.object({ id: z.string() })) });

/** What Adyen's page component hands over for a test card; the holder's name chooses the issuer's answer. */
function card(number: string, holderName = 'A. Buyer'): string {
  return JSON.stringify({
    type: 'scheme',
    encryptedCardNumber: `test_${number}`,
    encryptedExpiryMonth: 'test_03',
    encryptedExpiryYear: 'test_2030',
    encryptedSecurityCode: 'test_737',
    holderName,
  });
}

const visa = '4111111111111111';

/** The adapter for Adyen, against a stand-in of its own or the one at TILLGATE_CONFORMANCE_ADYEN_URL, _KEY, … */
export async function adyenStand(): Promise<Stand> {
  const given = process.env['TILLGATE_CONFORMANCE_ADYEN_URL'];
  const sandbox =
    given === undefined ? await startAdyenSandbox({ account: { multiplePartialCaptures: true } }) : undefined;
  const url = given ?? sandbox?.url ?? '';
  const account = process.env['TILLGATE_CONFORMANCE_ADYEN_ACCOUNT'] ?? 'TillgateECOM';
  const apiKey = process.env['TILLGATE_CONFORMANCE_ADYEN_KEY'] ?? adyenSandboxAccount.apiKey;
  const hmacKey = process.env['TILLGATE_CONFORMANCE_ADYEN_HMAC'] ?? adyenSandboxWebhooks.hmacKey;
  const ledgerUrl = `${url}/_sandbox/ledger`;
  const receiver = await webhookReceiver();
  await script(`${url}/_sandbox/webhooks`, 'POST', { url: receiver.url, hmacKey });
  const psp = (change: Partial<AdyenConfig> = {}) =>
    createAdyenPsp({
      account,
      apiKey,
      hmacKeys: [hmacKey],
      environment: 'test',
      baseUrl: url,
      timeoutMs,
      clock: Date.now,
      ...change,
    });
  const conformant = psp();
  const native = psp({ threeDS: 'native' });

  function act(action: NextAction, result: 'passes' | 'fails'): Record<string, string> {
    if (action.kind === 'redirect') {
      return { redirectResult: redirectResult(lastPart(action.url), result === 'passes' ? 'Y' : 'N') };
    }
    const { paymentData } = z.object({ paymentData: z.string() }).parse(action.data['action']);
    return { threeDSResult: threeDSResult(paymentData, result === 'passes' ? 'Y' : 'N') };
  }

  return {
    psp: conformant,
    unreachable: psp({ baseUrl: 'http://127.0.0.1:9' }),
    methods: {
      succeeds: card(visa),
      challenges: card('4212345678901237'),
      wants_authentication: card(visa, 'AUTHENTICATION_REQUIRED'),
    },
    declines: [
      [card(visa, 'DECLINED'), 'do_not_honor'],
      [card(visa, 'NOT_ENOUGH_BALANCE'), 'insufficient_funds'],
      [card(visa, 'BLOCK_CARD'), 'restricted_card'],
      [card(visa, 'CARD_EXPIRED'), 'expired_card'],
      [card(visa, 'CVC_DECLINED'), 'incorrect_cvc'],
      [card(visa, 'ERROR'), 'processing_error'],
      [card(visa, 'ISSUER_UNAVAILABLE'), 'issuer_unavailable'],
      [card(visa, 'FRAUD'), 'blocked_by_psp'],
      [card('4111111111111112'), 'incorrect_number'],
    ],
    notWritable: money(150n, 'IDR'),
    altered: {
      amount: { amount: { value: 1, currency: 'EUR' } },
      currency: { amount: { value: 1299, currency: 'USD' } },
      id: { pspReference: 'ANOTHER000000000' },
      attempt: { merchantReference: newId('att') },
    },
    frictionless: async () => {
      const browser = { ip: '192.0.2.1', userAgent: 'Mozilla/5.0', acceptLanguage: 'en' };
      const subject = { ...subjectOf({ method: card('5201281505129736') }), browser };
      const first = await native.authorize(subject);
      if (first.kind !== 'requires_action') return first;
      const waiting = become(subject, { state: 'requires_action', ...first });
      return native.completeAction(waiting, act(first.action, 'passes'));
    },
    stored: async () => {
      const pspCustomer = newId('cus');
      await conformant.authorize(subjectOf({ method: card(visa), storeMethod: true, pspCustomer }));
      const query = `merchantAccount=${account}&shopperReference=${pspCustomer}`;
      const response = await fetch(`${url}/v72/storedPaymentMethods?${query}`, {
        headers: { 'x-api-key': apiKey },
      });
      const { storedPaymentMethods } = storedSchema.parse(await response.json());
      return { method: storedPaymentMethods[0]?.id ?? '', pspCustomer };
    },
    act: (_subject, action, result) => Promise.resolve(act(action, result)),
    fault: (fault) => script(`${url}/_sandbox/faults`, 'POST', fault),
    books: (subject) => booksOf(ledgerUrl, subject),
    afterwards: async (subject, what) => {
      const [line] = await paymentsOf(ledgerUrl, subject);
      const event = what === 'dispute' ? 'chargeback' : 'fraud';
      await script(`${url}/_sandbox/payments/${line?.psp_reference ?? ''}/${event}`, 'POST', {});
    },
    heard: () => receiver.heard,
    forged: (body) => {
      const text = Buffer.from(body.raw).toString();
      const changed = (from: RegExp, to: string): WebhookBody => ({
        ...body,
        raw: Buffer.from(text.replace(from, to)),
      });
      const item = /"notificationItems":\[(.*)\]\}$/.exec(text)?.[1] ?? '';
      const spoilt = item.replace(/"value":\d+/, '"value":1');
      return [
        ['with another amount', changed(/"value":\d+/, '"value":1')],
        ['turned into its opposite', changed(/"success":"true"/, '"success":"false"')],
        ['for another account', changed(/"merchantAccountCode":"\w+"/, '"merchantAccountCode":"Other"')],
        ['with a short signature', changed(/"hmacSignature":"[^"]+"/, '"hmacSignature":"AAAA"')],
        ['without a signature', changed(/"hmacSignature":"[^"]+"/, '"x":"y"')],
        ['no JSON', { ...body, raw: Buffer.from('no JSON') }],
        [
          'a batch with one bad item',
          { ...body, raw: Buffer.from(`{"live":"false","notificationItems":[${item},${spoilt}]}`) },
        ],
      ];
    },
    rotated: {
      still: psp({ hmacKeys: ['00'.repeat(32), hmacKey] }),
      no_longer: psp({ hmacKeys: ['00'.repeat(32)] }),
    },
    close: async () => {
      await receiver.close();
      await sandbox?.close();
    },
  };
}

function lastPart(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}
