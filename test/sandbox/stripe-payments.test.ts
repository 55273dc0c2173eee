import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Stripe } from 'stripe';
import { errorOf, openSandbox, payment, type Sandbox } from './stripe-client.ts';

let sandbox: Sandbox;
let stripe: Stripe;
beforeAll(async () => {
  sandbox = await openSandbox();
  stripe = sandbox.stripe;
});
afterAll(() => sandbox.close());

const challenged = {
  ...payment,
  payment_method: 'pm_card_threeDSecure2Required',
  automatic_payment_methods: { enabled: true },
  return_url: 'http://shop.test/return?order=1',
} as const;

async function chargeOf(intent: Stripe.PaymentIntent): Promise<Stripe.Charge> {
  return stripe.charges.retrieve(intent.latest_charge as string);
}

describe('a payment', () => {
  test('is captured at once when capture is automatic', async () => {
    const intent = await stripe.paymentIntents.create({ ...payment, metadata: { order: 'ord_1' } });
    expect(intent).toMatchObject({ status: 'succeeded', amount_received: 1299, amount_capturable: 0 });
    expect(intent.metadata).toEqual({ order: 'ord_1' });
    expect(await chargeOf(intent)).toMatchObject({
      status: 'succeeded',
      captured: true,
      amount_captured: 1299,
      payment_intent: intent.id,
      payment_method_details: { card: { brand: 'visa', last4: '4242', country: 'US', iin: '424242' } },
      outcome: { risk_level: 'normal', network_status: 'approved_by_network' },
    });
  });

  test('walks from creation through confirmation to capture', async () => {
    const made = await stripe.paymentIntents.create({
      amount: 1299,
      currency: 'eur',
      capture_method: 'manual',
    });
    expect(made.status).toBe('requires_payment_method');
    const updated = await stripe.paymentIntents.update(made.id, { payment_method: 'pm_card_mastercard' });
    expect(updated.status).toBe('requires_confirmation');
    const held = await stripe.paymentIntents.confirm(made.id, { return_url: 'http://shop.test/' });
    expect(held).toMatchObject({ status: 'requires_capture', amount_capturable: 1299, amount_received: 0 });
    const paid = await stripe.paymentIntents.capture(made.id, { amount_to_capture: 1000 });
    expect(paid).toMatchObject({ status: 'succeeded', amount_received: 1000, amount_capturable: 0 });
    const charge = await chargeOf(paid);
    expect(charge).toMatchObject({ amount_captured: 1000, amount_refunded: 299, refunded: false });
  });

  test('is captured in several parts when that was asked for', async () => {
    const held = await stripe.paymentIntents.create({
      ...payment,
      capture_method: 'manual',
      payment_method_options: { card: { request_multicapture: 'if_available' } },
    });
    const first = await stripe.paymentIntents.capture(held.id, {
      amount_to_capture: 500,
      final_capture: false,
    });
    expect(first).toMatchObject({ status: 'requires_capture', amount_capturable: 799, amount_received: 500 });
    const last = await stripe.paymentIntents.capture(held.id, { amount_to_capture: 700 });
    expect(last).toMatchObject({ status: 'succeeded', amount_received: 1200 });
    expect((await errorOf(stripe.paymentIntents.capture(held.id))).code).toBe(
      'payment_intent_unexpected_state',
    );
  });

  test('is authorised for more when that was asked for', async () => {
    const held = await stripe.paymentIntents.create({
      ...payment,
      capture_method: 'manual',
      payment_method_options: { card: { request_incremental_authorization: 'if_available' } },
    });
    const raised = await stripe.paymentIntents.incrementAuthorization(held.id, { amount: 2000 });
    expect(raised).toMatchObject({ amount: 2000, amount_capturable: 2000 });
    const plain = await stripe.paymentIntents.create({ ...payment, capture_method: 'manual' });
    await errorOf(stripe.paymentIntents.incrementAuthorization(plain.id, { amount: 2000 }));
  });

  test('cannot be captured above what is authorised', async () => {
    const held = await stripe.paymentIntents.create({ ...payment, capture_method: 'manual' });
    const error = await errorOf(stripe.paymentIntents.capture(held.id, { amount_to_capture: 1300 }));
    expect(error).toMatchObject({ statusCode: 400, code: 'amount_too_large', param: 'amount_to_capture' });
  });

  test('is voided by a cancellation and then stays canceled', async () => {
    const held = await stripe.paymentIntents.create({ ...payment, capture_method: 'manual' });
    const canceled = await stripe.paymentIntents.cancel(held.id, { cancellation_reason: 'abandoned' });
    expect(canceled).toMatchObject({ status: 'canceled', cancellation_reason: 'abandoned' });
    for (const call of [stripe.paymentIntents.capture(held.id), stripe.paymentIntents.confirm(held.id)])
      expect((await errorOf(call)).code).toBe('payment_intent_unexpected_state');
  });

  test('that settles later is processing until the script settles it', async () => {
    const intent = await stripe.paymentIntents.create({
      ...payment,
      payment_method: 'pm_sandbox_7_settles_later',
    });
    expect(intent.status).toBe('processing');
    await sandbox.script('POST', `payment_intents/${intent.id}/settle`, { outcome: 'succeeded' });
    expect((await stripe.paymentIntents.retrieve(intent.id)).status).toBe('succeeded');
  });

  test('expires when the script says so', async () => {
    const held = await stripe.paymentIntents.create({ ...payment, capture_method: 'manual' });
    await sandbox.script('POST', `payment_intents/${held.id}/expire`, {});
    expect(await stripe.paymentIntents.retrieve(held.id)).toMatchObject({
      status: 'canceled',
      cancellation_reason: 'automatic',
    });
  });
});

describe('a declined card', () => {
  test.each([
    ['pm_card_chargeDeclined', 'card_declined', 'generic_decline'],
    ['pm_card_visa_chargeDeclined', 'card_declined', 'generic_decline'],
    ['pm_card_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
    ['pm_card_visa_chargeDeclinedLostCard', 'card_declined', 'lost_card'],
    ['pm_card_chargeDeclinedStolenCard', 'card_declined', 'stolen_card'],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', 'expired_card'],
    ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', 'incorrect_cvc'],
    ['pm_card_chargeDeclinedProcessingError', 'processing_error', 'processing_error'],
    ['pm_card_radarBlock', 'card_declined', 'fraudulent'],
    ['pm_sandbox_9_do_not_honor', 'card_declined', 'do_not_honor'],
  ])('%s says %s, %s', async (payment_method, code, declineCode) => {
    const error = await errorOf(stripe.paymentIntents.create({ ...payment, payment_method }));
    expect(error).toMatchObject({
      type: 'StripeCardError',
      statusCode: 402,
      code,
      decline_code: declineCode,
      payment_intent: { status: 'requires_payment_method' },
    });
    const intent = await stripe.paymentIntents.retrieve(error.payment_intent!.id);
    expect(intent.last_payment_error).toMatchObject({ code, decline_code: declineCode });
    expect(await chargeOf(intent)).toMatchObject({ status: 'failed', paid: false });
  });

  test('can be followed by a good one on the same intent', async () => {
    const error = await errorOf(
      stripe.paymentIntents.create({ ...payment, payment_method: 'pm_card_chargeDeclined' }),
    );
    const paid = await stripe.paymentIntents.confirm(error.payment_intent!.id, {
      payment_method: 'pm_card_visa',
    });
    expect(paid).toMatchObject({ status: 'succeeded', last_payment_error: null });
  });
});

describe('3-D Secure', () => {
  async function press(url: string, result: string): Promise<URL> {
    const form = await (await fetch(url)).text();
    expect(form).toContain('This is the stand-in Stripe. No money moves.');
    const hidden = /name="return_url" value="([^"]*)"/.exec(form)![1]!;
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ result, return_url: hidden }),
    });
    return new URL(response.headers.get('location')!);
  }

  test('challenges the buyer and brings a completed one back', async () => {
    const intent = await stripe.paymentIntents.create(challenged);
    expect(intent.status).toBe('requires_action');
    expect(intent.next_action).toMatchObject({
      type: 'redirect_to_url',
      redirect_to_url: { return_url: challenged.return_url },
    });
    const back = await press(intent.next_action!.redirect_to_url!.url!, 'succeeded');
    expect(Object.fromEntries(back.searchParams)).toEqual({
      order: '1',
      payment_intent: intent.id,
      payment_intent_client_secret: intent.client_secret,
      redirect_status: 'succeeded',
    });
    const paid = await stripe.paymentIntents.retrieve(intent.id, { expand: ['latest_charge'] });
    expect(paid.status).toBe('succeeded');
    expect((paid.latest_charge as Stripe.Charge).payment_method_details?.card?.three_d_secure).toMatchObject({
      authentication_flow: 'challenge',
      result: 'authenticated',
      electronic_commerce_indicator: '05',
    });
  });

  test('refuses the payment of a buyer who fails it', async () => {
    const intent = await stripe.paymentIntents.create(challenged);
    const back = await press(intent.next_action!.redirect_to_url!.url!, 'failed');
    expect(back.searchParams.get('redirect_status')).toBe('failed');
    expect(await stripe.paymentIntents.retrieve(intent.id)).toMatchObject({
      status: 'requires_payment_method',
      last_payment_error: { code: 'payment_intent_authentication_failure' },
    });
  });

  test('pressed twice changes nothing the second time', async () => {
    const intent = await stripe.paymentIntents.create({ ...challenged, capture_method: 'manual' });
    const { url } = intent.next_action!.redirect_to_url!;
    await press(url!, 'succeeded');
    const held = await stripe.paymentIntents.retrieve(intent.id);
    await fetch(url!, { method: 'POST', body: new URLSearchParams({ result: 'failed' }) });
    expect(await stripe.paymentIntents.retrieve(intent.id)).toEqual(held);
  });

  test('goes through stripe.js when there is no page to return to', async () => {
    const intent = await stripe.paymentIntents.create({
      ...payment,
      payment_method: 'pm_card_threeDSecure2Required',
    });
    expect(intent.next_action?.type).toBe('use_stripe_sdk');
  });

  test('is frictionless for an enrolled card unless a challenge is asked for', async () => {
    const asking = (request_three_d_secure: 'any' | 'challenge') =>
      stripe.paymentIntents.create({
        ...challenged,
        payment_method: 'pm_card_threeDSecureOptional',
        payment_method_options: { card: { request_three_d_secure } },
        expand: ['latest_charge'],
      });
    const passed = await asking('any');
    expect(
      (passed.latest_charge as Stripe.Charge).payment_method_details?.card?.three_d_secure,
    ).toMatchObject({
      authentication_flow: 'frictionless',
      result: 'authenticated',
    });
    expect((await asking('challenge')).status).toBe('requires_action');
  });

  test('takes the result of another 3-D Secure server', async () => {
    const intent = await stripe.paymentIntents.create({
      ...challenged,
      payment_method_options: {
        card: {
          three_d_secure: {
            version: '2.2.0',
            cryptogram: 'AAABBBCCCDDD',
            transaction_id: 'ds-1',
            electronic_commerce_indicator: '05',
            ares_trans_status: 'Y',
          },
        },
      },
    });
    expect(intent.status).toBe('succeeded');
    expect((await chargeOf(intent)).payment_method_details?.card?.three_d_secure).toMatchObject({
      result: 'authenticated',
      transaction_id: 'ds-1',
      authentication_flow: null,
    });
  });

  test('is demanded by a soft decline when the buyer is away', async () => {
    const error = await errorOf(
      stripe.paymentIntents.create({
        ...payment,
        payment_method: 'pm_card_authenticationRequired',
        off_session: true,
      }),
    );
    expect(error).toMatchObject({ code: 'authentication_required', decline_code: 'authentication_required' });
  });
});

describe('a stored card', () => {
  test('that was set up with its owner can be charged without them', async () => {
    const customer = await stripe.customers.create({ email: 'buyer@example.test' });
    const setup = await stripe.setupIntents.create({
      customer: customer.id,
      payment_method: 'pm_card_authenticationRequiredOnSetup',
      confirm: true,
      return_url: 'http://shop.test/cards',
    });
    expect(setup.status).toBe('requires_action');
    await sandbox.script('POST', `setup_intents/${setup.id}/authenticate`, {});
    expect((await stripe.setupIntents.retrieve(setup.id)).status).toBe('succeeded');
    const cards = await stripe.customers.listPaymentMethods(customer.id);
    expect(cards.data).toHaveLength(1);
    const paid = await stripe.paymentIntents.create({
      ...payment,
      customer: customer.id,
      payment_method: cards.data[0]!.id,
      off_session: true,
    });
    expect(paid.status).toBe('succeeded');
    await stripe.paymentMethods.detach(cards.data[0]!.id);
    expect((await stripe.paymentMethods.list({ customer: customer.id })).data).toEqual([]);
  });

  test('that its issuer refuses cannot be attached', async () => {
    const customer = await stripe.customers.create();
    const error = await errorOf(
      stripe.paymentMethods.attach('pm_card_chargeDeclined', { customer: customer.id }),
    );
    expect(error).toMatchObject({ statusCode: 402, code: 'card_declined' });
    const attached = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
      customer: customer.id,
    });
    expect(attached.customer).toBe(customer.id);
  });
});

describe('money that comes back', () => {
  test('is refunded in parts up to what was captured', async () => {
    const intent = await stripe.paymentIntents.create(payment);
    const first = await stripe.refunds.create({ payment_intent: intent.id, amount: 300 });
    expect(first).toMatchObject({ status: 'succeeded', amount: 300, charge: intent.latest_charge });
    expect(
      (await errorOf(stripe.refunds.create({ payment_intent: intent.id, amount: 1000 }))).statusCode,
    ).toBe(400);
    await stripe.refunds.create({ payment_intent: intent.id });
    expect(await chargeOf(intent)).toMatchObject({ amount_refunded: 1299, refunded: true });
    const error = await errorOf(stripe.refunds.create({ payment_intent: intent.id }));
    expect(error.code).toBe('charge_already_refunded');
    expect((await stripe.refunds.list({ payment_intent: intent.id })).data).toHaveLength(2);
  });

  test('stays with the merchant when the refund fails', async () => {
    const intent = await stripe.paymentIntents.create(payment);
    const refund = await stripe.refunds.create({ payment_intent: intent.id });
    await sandbox.script('POST', `refunds/${refund.id}/fail`, { reason: 'lost_or_stolen_card' });
    expect(await stripe.refunds.retrieve(refund.id)).toMatchObject({
      status: 'failed',
      failure_reason: 'lost_or_stolen_card',
    });
    expect((await chargeOf(intent)).amount_refunded).toBe(0);
  });

  test('is disputed, argued about and won', async () => {
    const intent = await stripe.paymentIntents.create({
      ...payment,
      payment_method: 'pm_card_createDispute',
    });
    const [dispute] = (await stripe.disputes.list({ payment_intent: intent.id })).data;
    expect(dispute).toMatchObject({ status: 'needs_response', reason: 'fraudulent', amount: 1299 });
    expect((await errorOf(stripe.refunds.create({ payment_intent: intent.id }))).code).toBe(
      'charge_disputed',
    );
    await stripe.disputes.update(dispute!.id, { evidence: { product_description: 'A book' } });
    expect((await stripe.disputes.retrieve(dispute!.id)).status).toBe('under_review');
    await sandbox.script('POST', `disputes/${dispute!.id}/close`, { status: 'won' });
    expect((await stripe.disputes.retrieve(dispute!.id)).status).toBe('won');
  });

  test('is announced by an early fraud warning', async () => {
    const intent = await stripe.paymentIntents.create({
      ...payment,
      payment_method: 'pm_card_createIssuerFraudRecord',
    });
    const warnings = await stripe.radar.earlyFraudWarnings.list({ payment_intent: intent.id });
    expect(warnings.data).toMatchObject([{ actionable: true, charge: intent.latest_charge }]);
  });
});
