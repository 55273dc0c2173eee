import Stripe from 'stripe';
import type { WebhookBody } from '../../src/psp/psp.ts';
import { createStripePsp, type StripeConfig } from '../../src/psp/stripe/stripe.ts';
import { startStripeSandbox } from '../../src/sandbox/stripe/server.ts';
import {
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

/** The adapter for Stripe, against a stand-in of its own or the one at TILLGATE_CONFORMANCE_STRIPE_URL and _KEY. */
export async function stripeStand(): Promise<Stand> {
  const given = process.env['TILLGATE_CONFORMANCE_STRIPE_URL'];
  const sandbox = given === undefined ? await startStripeSandbox() : undefined;
  const url = given ?? sandbox?.url ?? '';
  const secretKey = process.env['TILLGATE_CONFORMANCE_STRIPE_KEY'] ?? `sk_test_${newId('key')}`;
  const ledgerUrl = `${url}/_sandbox/ledger?key=${secretKey}`;
  const receiver = await webhookReceiver();
  const { hostname: host, port, protocol } = new URL(url);
  const official = new Stripe(secretKey, {
    host,
    port,
    protocol: protocol === 'https:' ? 'https' : 'http',
    telemetry: false,
  });
  const endpoint = await official.webhookEndpoints.create({ url: receiver.url, enabled_events: ['*'] });
  const secret = endpoint.secret ?? '';
  const psp = (change: Partial<StripeConfig> = {}) =>
    createStripePsp({
      account: 'conformance',
      secretKey,
      webhookSecrets: [secret],
      baseUrl: url,
      timeoutMs,
      clock: Date.now,
      ...change,
    });

  const signed = (body: WebhookBody, at: number, key: string): WebhookBody => {
    const payload = Buffer.from(body.raw).toString();
    const header = official.webhooks.generateTestHeaderString({
      payload,
      secret: key,
      timestamp: Math.floor(at / 1_000),
    });
    return { ...body, headers: { ...body.headers, 'stripe-signature': header } };
  };
  const conformant = psp();

  return {
    psp: conformant,
    unreachable: psp({ baseUrl: 'http://127.0.0.1:9' }),
    methods: {
      succeeds: 'pm_card_visa',
      challenges: 'pm_card_threeDSecure2Required',
      wants_authentication: 'pm_card_authenticationRequired',
    },
    declines: [
      ['pm_card_chargeDeclined', 'do_not_honor'],
      ['pm_card_chargeDeclinedInsufficientFunds', 'insufficient_funds'],
      ['pm_card_chargeDeclinedLostCard', 'lost_or_stolen_card'],
      ['pm_card_chargeDeclinedExpiredCard', 'expired_card'],
      ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc'],
      ['pm_card_chargeDeclinedProcessingError', 'processing_error'],
      ['pm_card_chargeDeclinedVelocityLimitExceeded', 'limit_exceeded'],
      ['pm_card_chargeDeclinedFraudulent', 'fraud_suspected'],
    ],
    notWritable: money(1001n, 'KWD'),
    altered: {
      amount: { amount: 1 },
      currency: { currency: 'usd' },
      id: { id: 'pi_another' },
      attempt: { metadata: { tillgate_attempt: newId('att') } },
    },
    frictionless: () =>
      conformant.authorize(subjectOf({ method: 'pm_card_visa', authentication: 'challenge' })),
    stored: async () => {
      const customer = await official.customers.create({});
      const method = await official.paymentMethods.attach('pm_card_visa', { customer: customer.id });
      return { method: method.id, pspCustomer: customer.id };
    },
    act: async (subject, _action, result) => {
      const [line] = (await official.paymentIntents.list({ limit: 100 })).data.filter(
        (intent) => intent.metadata['tillgate_attempt'] === subject.attempt.id,
      );
      const intent = line?.id ?? '';
      await script(`${url}/_sandbox/payment_intents/${intent}/authenticate`, 'POST', {
        result: result === 'passes' ? 'succeeded' : 'failed',
      });
      return { payment_intent: intent, redirect_status: 'succeeded' };
    },
    fault: (fault) => script(`${url}/_sandbox/faults`, 'POST', fault),
    books: (subject) => booksOf(ledgerUrl, subject),
    afterwards: async (subject, what) => {
      const [line] = await paymentsOf(ledgerUrl, subject);
      const charges = await official.charges.list({ payment_intent: line?.payment_intent ?? '' });
      const action = what === 'dispute' ? 'dispute' : 'early_fraud_warning';
      await script(`${url}/_sandbox/charges/${charges.data[0]?.id ?? ''}/${action}`, 'POST', {});
    },
    heard: () => receiver.heard,
    forged: (body) => {
      const flipped = Buffer.from(body.raw);
      flipped[flipped.length >> 1] = (flipped[flipped.length >> 1] ?? 0) ^ 1;
      return [
        ['one byte flipped', { ...body, raw: flipped }],
        ['signed with another secret', signed(body, body.receivedAt, 'whsec_another')],
        ['without a signature', { ...body, headers: {} }],
        ['with an empty signature', { ...body, headers: { 'stripe-signature': 't=1,v1=' } }],
        ['six minutes old', signed(body, body.receivedAt - 360_000, secret)],
        ['six minutes ahead', signed(body, body.receivedAt + 360_000, secret)],
        ['no JSON', signed({ ...body, raw: Buffer.from('no JSON') }, body.receivedAt, secret)],
      ];
    },
    rotated: {
      still: psp({ webhookSecrets: ['whsec_next', secret] }),
      no_longer: psp({ webhookSecrets: ['whsec_next'] }),
    },
    close: async () => {
      await receiver.close();
      await sandbox?.close();
    },
  };
}
