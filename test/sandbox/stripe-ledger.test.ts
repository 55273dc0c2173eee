import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { clientOf, openSandbox, payment } from './stripe-client.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'stripe-ledger-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

test('the ledger has every movement of a payment, by itself and summed', async () => {
  const sandbox = await openSandbox();
  const { stripe } = sandbox;
  const held = await stripe.paymentIntents.create(
    { ...payment, capture_method: 'manual', metadata: { order: 'ord_1' } },
    { idempotencyKey: 'authorise-1' },
  );
  await stripe.paymentIntents.capture(held.id, { amount_to_capture: 1000 }, { idempotencyKey: 'capture-1' });
  await stripe.refunds.create({ payment_intent: held.id, amount: 300 }, { idempotencyKey: 'refund-1' });
  const failing = await stripe.refunds.create(
    { payment_intent: held.id, amount: 200 },
    { idempotencyKey: 'refund-2' },
  );
  await sandbox.script('POST', `refunds/${failing.id}/fail`, {});
  await sandbox.script('POST', `charges/${held.latest_charge as string}/dispute`, { amount: 700 });
  expect(await sandbox.ledger()).toEqual([
    {
      account: expect.stringMatching(/^acct_/),
      payment_intent: held.id,
      metadata: { order: 'ord_1' },
      currency: 'eur',
      idempotency_keys: ['authorise-1', 'capture-1', 'refund-1', 'refund-2'],
      authorised: 1299,
      captured: 1000,
      voided: 299,
      refunded: 300,
      charged_back: 700,
      authorisations: [1299],
      captures: [1000],
      refunds: [300],
      declines: 0,
    },
  ]);
  await sandbox.close();
});

describe('after a restart', () => {
  test('payments, keys, endpoints and the ledger are as they were', async () => {
    const before = await openSandbox({ dataDir: directory });
    const shown = { ...payment, expand: ['latest_charge.balance_transaction'] };
    const paid = await before.stripe.paymentIntents.create(shown, { idempotencyKey: 'kept' });
    await before.stripe.refunds.create({ payment_intent: paid.id });
    const held = await before.stripe.paymentIntents.create({ ...payment, capture_method: 'manual' });
    const endpoint = await before.stripe.webhookEndpoints.create({
      url: 'http://127.0.0.1:9/',
      enabled_events: ['charge.expired'],
    });
    const ledger = await before.ledger();
    await before.close();
    // What a kill in the middle of a write leaves behind.
    appendFileSync(join(directory, 'stripe.ndjson'), '{"account":"acct_');

    for (let starts = 0; starts < 2; starts += 1) {
      const after = await openSandbox({ dataDir: directory });
      expect(await after.ledger()).toEqual(ledger);
      expect(await after.stripe.paymentIntents.create(shown, { idempotencyKey: 'kept' })).toEqual(paid);
      expect(await after.stripe.paymentIntents.retrieve(held.id)).toEqual(held);
      expect((await after.stripe.webhookEndpoints.list()).data).toEqual([{ ...endpoint, secret: undefined }]);
      await after.close();
    }
    const again = await openSandbox({ dataDir: directory });
    const captured = await again.stripe.paymentIntents.capture(held.id);
    expect(captured.status).toBe('succeeded');
    await again.close();
  });
});

test('the process of its own prints its address, answers, and ends with its standard input', async () => {
  const child = spawn(process.execPath, ['src/sandbox/main.ts'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const { stripe } = JSON.parse(line) as { stripe: string };
  const paid = await clientOf(Number(new URL(stripe).port)).paymentIntents.create(payment);
  expect(paid.status).toBe('succeeded');
  child.stdin.end();
  expect(await once(child, 'exit')).toEqual([0, null]);
});
