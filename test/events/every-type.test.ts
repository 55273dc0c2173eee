import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { toEnvelope } from '../../src/domain/events/envelope.ts';
import { eventTypes } from '../../src/domain/events/event-types.ts';
import type { EventType } from '../../src/domain/events/event.ts';
import { type Released, currentSchemas } from '../../src/events/released.ts';
import { attackNews } from '../../src/http/rate-limit/attack-news.ts';
import { attackSwitch, sliceMs } from '../../src/http/rate-limit/attack-switch.ts';
import { eventually, newId } from '../harness/service.ts';
import { showFigure } from '../harness/figure.ts';
import {
  type Paid,
  type TwoPsps,
  adyenCard,
  orderOf,
  pspReferenceOf,
  startWithTwoPsps,
} from '../payments/two-psps.ts';

let shop: TwoPsps;
beforeAll(async () => {
  shop = await startWithTwoPsps();
});
afterAll(() => shop.close());

const good = { payment_method: 'pm_card_visa' };
const held = (holder: string) => ({ payment_methods: { adyen: adyenCard('4111111111111111', holder) } });
const manual = { capture_mode: 'manual' };
const some = { amount: 500, currency: 'EUR' };

const order = (paid: Paid, what: string, body: object = {}) =>
  shop.call('POST', `/v1/orders/${orderOf(paid)}/${what}`, { body });
const resolve = (paid: Paid, resolution: string) =>
  shop.call('POST', `/v1/payments/${orderOf(paid).replace('ord_', 'pay_')}/resolve`, {
    body: { resolution, note: 'seen in the dashboard' },
  });
const cancelCheckout = (paid: Paid) => shop.call('POST', `/v1/checkouts/${String(paid.body['id'])}/cancel`);

async function envelopes() {
  const stored = await shop.store.events.list(shop.merchantId, null, 999);
  return stored.map(({ event }) => toEnvelope(event));
}

const told = (paid: Paid, type: EventType) =>
  eventually(async () =>
    (await envelopes()).find((each) => each.type === type && each.subject === orderOf(paid)),
  );

async function chargeOf(paid: Paid): Promise<string> {
  const answer = await fetch(`${shop.stripeUrl}/v1/payment_intents/${pspReferenceOf(paid)}`, {
    headers: { authorization: `Bearer ${shop.env['STRIPE_SECRET_KEY'] ?? ''}` },
  });
  return ((await answer.json()) as { latest_charge: string }).latest_charge;
}

async function disputed(): Promise<{ paid: Paid; dispute: string }> {
  const paid = await shop.pay(good);
  await shop.script('POST', `charges/${await chargeOf(paid)}/dispute`, { reason: 'fraudulent' });
  await told(paid, 'dispute.opened');
  const { body } = await shop.call('GET', '/v1/disputes');
  const all = body['disputes'] as { order: string; psp_reference: string }[];
  return { paid, dispute: all.find((each) => each.order === orderOf(paid))?.psp_reference ?? '' };
}

/** Adyen does not take the call now, and promises that it has done nothing. */
const adyenRefuses = (path: string) =>
  shop.adyen('POST', 'faults', { match: { path }, when: 'before', do: 'rate_limit' });

/** What a shop goes through, and what it is told at the end of it. */
const journeys: readonly (readonly [string, readonly EventType[], () => Promise<Paid>])[] = [
  [
    'a sale, its refund and the issuer’s report of fraud',
    ['order.created', 'order.captured', 'payment.refunded', 'payment.fraud_reported'],
    async () => {
      const paid = await shop.pay(good);
      await order(paid, 'refunds', some);
      await shop.script('POST', `charges/${await chargeOf(paid)}/early_fraud_warning`, {
        fraud_type: 'misc',
      });
      return paid;
    },
  ],
  [
    'an order that a person has to look at',
    ['order.held', 'order.authorized'],
    async () => {
      const paid = await shop.pay(good, { amount: 800_000 });
      await shop.call('POST', `/v1/reviews/${orderOf(paid).replace('ord_', 'rev_')}/approve`);
      return paid;
    },
  ],
  [
    'a buyer who never does what 3-D Secure asks for',
    ['payment.requires_action', 'payment.failed', 'order.canceled'],
    async () => {
      const paid = await shop.pay({ payment_method: 'pm_card_threeDSecure2Required' });
      await cancelCheckout(paid);
      return paid;
    },
  ],
  [
    'a payment that the PSP is not sure of',
    ['payment.pending'],
    () => shop.pay({ payment_method: 'pm_sandbox_7_settles_later' }),
  ],
  ['a declined card', ['payment.declined'], () => shop.pay({ payment_method: 'pm_card_chargeDeclined' })],
  [
    'a payment that was misheard and put right',
    ['payment.quarantined', 'payment.resolved'],
    async () => {
      const paid = await shop.misheard(good);
      await resolve(paid, 'ask');
      return paid;
    },
  ],
  [
    'a reservation that grows, cannot grow, and is captured',
    ['payment.incremented', 'payment.increment_failed', 'payment.captured'],
    async () => {
      const paid = await shop.pay(held('Ann'), manual);
      await order(paid, 'increment', some);
      await told(paid, 'payment.incremented');
      await adyenRefuses('/payments/*/amountUpdates');
      await order(paid, 'increment', some);
      await told(paid, 'payment.increment_failed');
      await order(paid, 'capture');
      return paid;
    },
  ],
  [
    'a reservation that cannot be let go at first',
    ['payment.void_failed', 'payment.voided'],
    async () => {
      const paid = await shop.pay(held('Ann'), manual);
      await adyenRefuses('/payments/*/cancels');
      await order(paid, 'cancel');
      await told(paid, 'payment.void_failed');
      await order(paid, 'cancel');
      return paid;
    },
  ],
  [
    'a reservation that lapses',
    ['payment.expired'],
    async () => {
      const paid = await shop.pay(good, manual);
      await shop.script('POST', `payment_intents/${pspReferenceOf(paid)}/expire`);
      return paid;
    },
  ],
  [
    'a capture that fails after all',
    ['payment.capture_failed'],
    async () => {
      const paid = await shop.pay(held('capture failed'), manual);
      await order(paid, 'capture');
      return paid;
    },
  ],
  [
    'a refund that fails after all',
    ['payment.refund_failed'],
    async () => {
      const paid = await shop.pay(held('refund failed'));
      await order(paid, 'refunds');
      return paid;
    },
  ],
  [
    'money for a checkout that was canceled',
    ['payment.unwanted', 'payment.reversed'],
    async () => {
      const paid = await shop.pay({ payment_methods: { adyen: adyenCard('4917610000000000') } });
      await cancelCheckout(paid);
      const { attempts } = (await shop.history(paid)) as unknown as { attempts: { id: string }[] };
      const lines = await shop.ledgers();
      const line = lines.find(({ metadata }) => metadata['tillgate_attempt'] === attempts[0]?.id);
      await shop.adyen('POST', `payments/${line?.reference ?? ''}/settle`, { answer: 'APPROVED' });
      return paid;
    },
  ],
  [
    'unwanted money that cannot be given back',
    ['payment.reversal_failed'],
    async () => {
      const paid = await shop.misheard({ payment_method: 'pm_card_refundFail' });
      await resolve(paid, 'return');
      return paid;
    },
  ],
  [
    'a dispute that is won',
    ['dispute.opened', 'dispute.won'],
    async () => {
      const { paid, dispute } = await disputed();
      await shop.script('POST', `disputes/${dispute}/close`, { status: 'won' });
      return paid;
    },
  ],
  [
    'a dispute that goes from hand to hand',
    ['dispute.opened', 'dispute.under_review', 'dispute.won', 'dispute.lost'],
    async () => {
      const paid = await shop.pay(held('Ann'));
      const play = (event: string) => shop.adyen('POST', `payments/${pspReferenceOf(paid)}/${event}`);
      await play('chargeback');
      await told(paid, 'dispute.opened');
      await play('information_supplied');
      await told(paid, 'dispute.under_review');
      await play('chargeback_reversed');
      await told(paid, 'dispute.won');
      await play('second_chargeback');
      return paid;
    },
  ],
];

test.each(journeys)('%s is told', async (_, types, go) => {
  const paid = await go();
  for (const type of types) await told(paid, type);
});

test('an endpoint that is switched off is told of', async () => {
  const made = await shop.call('POST', '/v1/webhook-endpoints', {
    body: { url: 'https://shop.example/hooks', types: ['order.captured'] },
  });
  const path = `/v1/webhook-endpoints/${String(made.body['id'])}`;
  await shop.call('PATCH', path, { body: { status: 'disabled' } });
  await eventually(async () =>
    (await envelopes()).find(
      ({ type, subject }) => type === 'webhook_endpoint.disabled' && subject === made.body['id'],
    ),
  );
});

/** As the service puts switch and news together, in minutes that need not be waited for. */
test('an attack is told of when it begins and when it has ended', async () => {
  let now = Date.now();
  const newsOf = attackNews({ newId, clock: () => now });
  const appended: Promise<void>[] = [];
  const attacks = attackSwitch({
    now: () => now,
    onChange: (change) => void appended.push(shop.store.events.append([newsOf(change)])),
  });
  for (let nth = 0; nth < 30; nth += 1) attacks.note(shop.merchantId, 'declined', `card ${nth}`);
  for (let nth = 0; nth < 60; nth += 1, now += sliceMs) attacks.tick();
  await Promise.all(appended);
  expect(appended).toHaveLength(2);
});

test('by then every type of the catalogue was told, and each event is as its schema says, the released one first', async () => {
  const all = await envelopes();
  expect(all.length).toBeLessThan(999);
  expect([...new Set(all.map(({ type }) => type))].sort()).toEqual([...eventTypes].sort());
  // A type that came since the last release has only what the code says of it now.
  const released = JSON.parse(readFileSync('docs/events/released.json', 'utf8')) as Released;
  const schemas: Released = { ...currentSchemas(), ...released };
  const ajv = new Ajv2020({ strict: true });
  addFormats.default(ajv);
  const checks = new Map(eventTypes.map((type) => [type, ajv.compile(schemas[type] as object)]));
  for (const event of all) {
    const check = checks.get(event.type);
    check?.(event);
    expect([event.type, check?.errors]).toEqual([event.type, null]);
  }
  showFigure(
    `${all.length} events of all ${eventTypes.length} types hold to their schemas, ${Object.keys(released).length} of them released`,
  );
});
