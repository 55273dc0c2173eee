import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Stripe } from 'stripe';
import { clientOf, errorOf, openSandbox, payment, type Sandbox } from './stripe-client.ts';

let sandbox: Sandbox;
let stripe: Stripe;
beforeAll(async () => {
  sandbox = await openSandbox();
  stripe = sandbox.stripe;
});
afterAll(() => sandbox.close());

async function chargeOf(intent: Stripe.PaymentIntent): Promise<Stripe.Charge> {
  return stripe.charges.retrieve(intent.latest_charge as string);
}

describe('the API', () => {
  test.each([
    [{ amount: 100, currency: 'eur', colour: 'red' }, 'parameter_unknown', 'colour'],
    [
      { amount: 100, currency: 'eur', payment_method_options: { card: { nope: 1 } } },
      'parameter_unknown',
      'payment_method_options[card][nope]',
    ],
    [{ currency: 'eur' }, 'parameter_missing', 'amount'],
    [{ amount: '12.5', currency: 'eur' }, 'parameter_invalid_integer', 'amount'],
    [{ amount: -5, currency: 'eur' }, 'parameter_invalid_integer', 'amount'],
    [{ amount: 100_000_000, currency: 'eur' }, 'amount_too_large', 'amount'],
    [{ amount: 100, currency: 'xxx' }, undefined, 'currency'],
    [{ amount: 100, currency: 'eur', payment_method: 'pm_nope' }, 'resource_missing', 'payment_method'],
  ])('refuses %j and names the parameter', async (input, code, param) => {
    const error = await errorOf(stripe.paymentIntents.create(input as never));
    expect(error).toMatchObject({ type: 'StripeInvalidRequestError', param });
    expect(error.code).toBe(code);
  });

  test('keeps accounts apart', async () => {
    const other = clientOf(sandbox.port, 'sk_test_other');
    const intent = await stripe.paymentIntents.create(payment);
    expect((await errorOf(other.paymentIntents.retrieve(intent.id))).statusCode).toBe(404);
    expect((await other.paymentIntents.list()).data).toEqual([]);
    expect(await sandbox.ledger('sk_test_other')).toEqual([]);
  });

  test('refuses a key that is not a test key', async () => {
    const error = await errorOf(clientOf(sandbox.port, 'sk_live_1').paymentIntents.list());
    expect(error.type).toBe('StripeAuthenticationError');
  });

  test('lists page by page, newest first', async () => {
    const shop = clientOf(sandbox.port, 'sk_test_lists');
    const made: string[] = [];
    for (let count = 0; count < 7; count += 1) made.push((await shop.paymentIntents.create(payment)).id);
    const seen: string[] = [];
    for await (const intent of shop.paymentIntents.list({ limit: 3 })) seen.push(intent.id);
    expect(seen).toEqual(made.toReversed());
    const future = Math.floor(Date.now() / 1_000) + 60;
    expect((await shop.paymentIntents.list({ created: { gte: future } })).data).toEqual([]);
  });

  test('gives each sandbox token its own card, always the same one', async () => {
    const [first, again, other] = await Promise.all(
      ['pm_sandbox_101', 'pm_sandbox_101', 'pm_sandbox_102'].map(async (payment_method) => {
        const charge = await chargeOf(await stripe.paymentIntents.create({ ...payment, payment_method }));
        return charge.payment_method_details!.card!;
      }),
    );
    expect(again!.fingerprint).toBe(first!.fingerprint);
    expect(again!.last4).toBe(first!.last4);
    expect(other!.fingerprint).not.toBe(first!.fingerprint);
  });
});
