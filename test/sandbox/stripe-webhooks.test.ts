import { afterEach, expect, test } from '@jest/globals';
import type { Stripe } from 'stripe';
import { openReceiver, openSandbox, payment, type Received } from './stripe-client.ts';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function world(refuse = 0) {
  const receiver = await openReceiver(refuse);
  const sandbox = await openSandbox({ webhookRetryMs: [5, 5] });
  open.push(receiver, sandbox);
  const { secret } = await sandbox.stripe.webhookEndpoints.create({
    url: receiver.url,
    enabled_events: ['*'],
  });
  const read = ({ body, signature }: Received) =>
    sandbox.stripe.webhooks.constructEvent(body, signature, secret!);
  return { receiver, sandbox, secret: secret!, read };
}

const typesOf = (events: readonly Stripe.Event[]) => events.map(({ type }) => type).sort();

test('every step of a payment is told, signed as the official library checks it', async () => {
  const { receiver, sandbox, read } = await world();
  const held = await sandbox.stripe.paymentIntents.create({ ...payment, capture_method: 'manual' });
  await sandbox.stripe.paymentIntents.capture(held.id);
  const events = (await receiver.wait(5)).map(read);
  expect(typesOf(events)).toEqual([
    'charge.captured',
    'charge.succeeded',
    'payment_intent.amount_capturable_updated',
    'payment_intent.created',
    'payment_intent.succeeded',
  ]);
  const capturable = events.find(({ type }) => type === 'payment_intent.amount_capturable_updated');
  expect(capturable?.data.object).toMatchObject({ id: held.id, status: 'requires_capture' });
  const listed = await sandbox.stripe.events.list({ type: 'payment_intent.succeeded' });
  expect(listed.data.map(({ id }) => id)).toEqual(
    events.filter(({ type }) => type === 'payment_intent.succeeded').map(({ id }) => id),
  );
});

test('a delivery that is refused is tried again, signed anew', async () => {
  const { receiver, sandbox, read } = await world(2);
  await sandbox.stripe.customers.create();
  const events = (await receiver.wait(3)).map(read);
  expect(new Set(events.map(({ id }) => id)).size).toBe(1);
});

test('a held event is delivered when, how often and in what order the test says', async () => {
  const { receiver, sandbox, read } = await world();
  await sandbox.script('POST', 'webhooks', { hold: true });
  await sandbox.stripe.paymentIntents.create(payment);
  type Held = { id: string; type: string; payload: string; deliveries: { url: string; header: string }[] };
  const { events } = (await sandbox.script('GET', 'events')) as { events: Held[] };
  expect(events.map(({ type }) => type)).toEqual([
    'payment_intent.created',
    'charge.succeeded',
    'payment_intent.succeeded',
  ]);
  const last = events[2]!;
  expect(read({ body: last.payload, signature: last.deliveries[0]!.header }).id).toBe(last.id);
  expect(receiver.received).toEqual([]);
  await sandbox.script('POST', `events/${last.id}/deliver`, { copies: 2 });
  await receiver.wait(2);
  await sandbox.script('POST', 'webhooks', { hold: false, release: true });
  const delivered = (await receiver.wait(4)).map((each) => read(each).type);
  expect(delivered.slice(0, 2)).toEqual(['payment_intent.succeeded', 'payment_intent.succeeded']);
  expect(delivered.slice(2).sort()).toEqual(['charge.succeeded', 'payment_intent.created']);
});

test('a signature can be made for any time and any secret', async () => {
  const { sandbox, secret } = await world();
  await sandbox.stripe.customers.create();
  const [event] = (await sandbox.stripe.events.list()).data;
  const timestamp = Math.floor(Date.now() / 1_000) - 360;
  const sign = async (body: object) =>
    (await sandbox.script('POST', `events/${event!.id}/sign`, body)) as { payload: string; header: string };
  const old = await sign({ timestamp });
  expect(() => sandbox.stripe.webhooks.constructEvent(old.payload, old.header, secret)).toThrow('tolerance');
  const other = await sign({ secret: 'whsec_other' });
  expect(() => sandbox.stripe.webhooks.constructEvent(other.payload, other.header, secret)).toThrow(
    'No signatures found',
  );
  expect(sandbox.stripe.webhooks.constructEvent(other.payload, other.header, 'whsec_other').id).toBe(
    event!.id,
  );
});

test('an endpoint hears only what it asked for', async () => {
  const receiver = await openReceiver();
  const key = 'sk_test_shop';
  const events = ['charge.dispute.created'];
  const sandbox = await openSandbox({
    webhookEndpoints: [{ key, url: receiver.url, secret: 'whsec_given', events }],
  });
  open.push(receiver, sandbox);
  await sandbox.stripe.paymentIntents.create({ ...payment, payment_method: 'pm_card_createDispute' });
  await sandbox.stripe.paymentIntents.create({ ...payment, payment_method: 'pm_card_createDispute' });
  const heard = (await receiver.wait(2)).map(({ body, signature }) =>
    sandbox.stripe.webhooks.constructEvent(body, signature, 'whsec_given'),
  );
  expect(typesOf(heard)).toEqual(['charge.dispute.created', 'charge.dispute.created']);
});
