import { createHmac } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Testimony } from '../../src/domain/payment/witness.ts';
import { createAdyenPsp } from '../../src/psp/adyen/adyen.ts';
import { attemptToReference, fromReference, movementToReference } from '../../src/psp/adyen/reference.ts';
import type { WebhookReading } from '../../src/psp/psp.ts';
import { money, newId, subjectOf } from './stand.ts';

/** What is Adyen's alone; the rest is in the conformance suite. */
const hmacKey = 'DFB1EB5485895CFA84146406857104ABB4CBCABDC8AAF103A624C8F6A3EAAB00';
const psp = createAdyenPsp({
  account: 'merchantAccount',
  apiKey: 'x',
  hmacKeys: [hmacKey],
  environment: 'test',
  baseUrl: 'http://127.0.0.1:9',
  timeoutMs: 100,
  clock: () => 0,
});

type Item = Readonly<Record<string, unknown>>;

const item = {
  pspReference: 'PSP0000000000001',
  merchantAccountCode: 'merchantAccount',
  merchantReference: '',
  amount: { value: 1299, currency: 'EUR' },
  eventCode: 'AUTHORISATION',
  success: 'true',
};

function read(items: readonly Item[]): WebhookReading {
  const notificationItems = items.map((each) => ({ NotificationRequestItem: each }));
  const raw = Buffer.from(JSON.stringify({ live: 'false', notificationItems }));
  return psp.readWebhook({ raw, headers: {}, receivedAt: 7 });
}

function signed(change: Partial<typeof item> & { originalReference?: string }, unsigned: object = {}): Item {
  const whole = { ...item, ...change };
  const text = [
    whole.pspReference,
    whole.originalReference ?? '',
    whole.merchantAccountCode,
    whole.merchantReference,
    whole.amount.value,
    whole.amount.currency,
    whole.eventCode,
    whole.success,
  ].join(':');
  const hmacSignature = createHmac('sha256', Buffer.from(hmacKey, 'hex')).update(text).digest('base64');
  return {
    ...whole,
    ...unsigned,
    additionalData: { hmacSignature, ...(unsigned as { additionalData?: object }).additionalData },
  };
}

function testimonies(...items: readonly Item[]): readonly Testimony[] {
  const reading = read(items);
  if (reading.kind === 'refused') throw new Error(reading.why);
  return reading.witnesses.map(({ testimony }) => testimony);
}

test('the example in Adyen’s documentation has the signature that it is documented with', () => {
  const example = {
    pspReference: 'pspReference',
    originalReference: 'originalReference',
    merchantAccountCode: 'merchantAccount',
    merchantReference: 'reference',
    amount: { value: 1000, currency: 'EUR' },
    eventCode: 'EVENT',
    success: 'true',
    additionalData: { hmacSignature: 'ipnxGCaUZ4l8TUW75a71/ghd2Fe5ffvX0pV4TLTntIc=' },
  };
  expect(read([example])).toMatchObject({
    kind: 'witnesses',
    witnesses: [{ testimony: { about: 'nothing' } }],
  });
  expect(read([{ ...example, eventCode: 'OTHER' }]).kind).toBe('refused');
});

describe('a signature', () => {
  test('of any other length or content is refused, not a fault', () => {
    fc.assert(
      fc.property(fc.string(), (hmacSignature) => {
        expect(read([{ ...item, additionalData: { hmacSignature } }]).kind).toBe('refused');
      }),
    );
  });

  test('does not cover anything but the eight fields, so nothing else is believed', () => {
    const attempt = newId('att');
    const clean = signed({ merchantReference: `${attempt}-c` });
    const lying = signed(
      { merchantReference: `${attempt}-c` },
      {
        reason: 'x',
        eventDate: '1999-01-01',
        additionalData: { liabilityShift: 'true', alias: 'F1', eci: '05' },
      },
    );
    expect(testimonies(lying)).toEqual(testimonies(clean));
    expect(testimonies(clean)).toEqual([
      {
        about: 'attempt',
        ref: { attemptId: attempt, pspReference: item.pspReference },
        outcome: {
          kind: 'authorized',
          pspReference: item.pspReference,
          amount: money(1299n),
          captured: money(1299n),
          card: {},
          authentication: { method: 'none', liability: 'merchant' },
        },
      },
    ]);
  });

  test('for another merchant account of the same company is refused', () => {
    expect(read([signed({ merchantAccountCode: 'other' })]).kind).toBe('refused');
  });
});

test('a batch says everything, each item with an id of its own', () => {
  const reading = read([signed({}), signed({ eventCode: 'REPORT_AVAILABLE' }), signed({ success: 'false' })]);
  if (reading.kind === 'refused') throw new Error(reading.why);
  expect(new Set(reading.witnesses.map(({ messageId }) => messageId)).size).toBe(3);
});

test('a refusal is signed and its reason is not, so Adyen is asked for it', () => {
  const attemptId = newId('att');
  expect(testimonies(signed({ success: 'false', merchantReference: attemptId }))).toMatchObject([
    {
      about: 'ask',
      ref: { attemptId, pspReference: item.pspReference },
      otherwise: { kind: 'declined', decline: { code: 'other', raw: 'AUTHORISATION' } },
    },
  ]);
});

test.each([
  ['CAPTURE', 'true', 'succeeded'],
  ['CAPTURE', 'false', 'failed'],
  ['CAPTURE_FAILED', 'true', 'reversed'],
  ['CANCELLATION', 'true', 'succeeded'],
  ['CANCELLATION', 'false', 'failed'],
  ['REFUND', 'true', 'succeeded'],
  ['REFUND', 'false', 'failed'],
  ['REFUND_FAILED', 'true', 'reversed'],
  ['REFUNDED_REVERSED', 'true', 'reversed'],
  ['EXPIRE', 'true', 'succeeded'],
])('%s with success %s says that a movement has %s', (eventCode, success, kind) => {
  const movementId = newId('mov');
  const said = testimonies(
    signed({ eventCode, success, merchantReference: movementId, originalReference: 'PAY1' }),
  );
  expect(said).toMatchObject([
    {
      about: 'movement',
      ref: { movementId, pspReference: item.pspReference, attempt: { pspReference: 'PAY1' } },
      outcome: { kind },
    },
  ]);
});

test.each([
  ['CAPTURE', 'false'],
  ['CAPTURE_FAILED', 'true'],
])('%s with success %s takes back what was captured with the authorisation', (eventCode, success) => {
  const attemptId = newId('att');
  const merchantReference = `${attemptId}-c`;
  expect(testimonies(signed({ eventCode, success, merchantReference, originalReference: 'PAY1' }))).toEqual([
    {
      about: 'movement',
      ref: { pspReference: 'PAY1', attempt: { attemptId, pspReference: 'PAY1' } },
      outcome: { kind: 'reversed', pspReference: item.pspReference, raw: eventCode },
    },
  ]);
});

test('an adjustment says what it added, from where our reference says it began', () => {
  const merchantReference = `${newId('mov')}-1000`;
  expect(testimonies(signed({ eventCode: 'AUTHORISATION_ADJUSTMENT', merchantReference }))).toMatchObject([
    { outcome: { kind: 'succeeded', amount: money(299n) } },
  ]);
});

test.each([
  ['NOTIFICATION_OF_CHARGEBACK', 'opened'],
  ['CHARGEBACK', 'opened'],
  ['INFORMATION_SUPPLIED', 'under_review'],
  ['CHARGEBACK_REVERSED', 'won'],
  ['SECOND_CHARGEBACK', 'lost'],
  ['PREARBITRATION_WON', 'won'],
  ['PREARBITRATION_LOST', 'lost'],
])('%s is a dispute that is %s', (eventCode, state) => {
  expect(testimonies(signed({ eventCode, originalReference: 'PAY1' }))).toMatchObject([
    { about: 'dispute', ref: { pspReference: 'PAY1' }, dispute: { state, amount: money(1299n) } },
  ]);
});

test('a reference and back is the same, and nobody else’s reference is taken for ours', () => {
  for (const capture of [true, false]) {
    const { attempt } = subjectOf({ method: 'x', capture });
    const reference = attemptToReference(attempt);
    expect(fromReference(reference)).toEqual({ names: 'attempt', attemptId: attempt.id, captures: capture });
    expect(reference).not.toContain(':');
  }
  const id = newId('mov');
  expect(fromReference(movementToReference({ id }))).toEqual({ names: 'movement', movementId: id });
  expect(fromReference(movementToReference({ id }, 5))).toEqual({
    names: 'movement',
    movementId: id,
    from: 5,
  });
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(fromReference(text)).toEqual({ names: 'nothing' });
    }),
  );
});

test.each([
  ['a card number', '{"number":"4111111111111111","cvc":"737"}'],
  ['no JSON', '{"type":'],
])('%s as a payment method is never sent', async (_, method) => {
  const subject = subjectOf({ method });
  const outcome = await psp.authorize({ ...subject, attempt: { ...subject.attempt, createdAt: 0 } });
  expect(outcome).toEqual({ kind: 'not_sent', cause: 'the payment method is not one of Adyen’s' });
});

test('a buyer who never came back is given up, though Adyen can no longer be asked', async () => {
  const subject = subjectOf({ method: 'stored' });
  const attempt = {
    ...subject.attempt,
    createdAt: -21 * 3_600_000,
    state: 'requires_action' as const,
    pspReference: 'PSP1',
    action: { kind: 'redirect' as const, url: 'https://issuer.example' },
  };
  expect(await psp.cancel({ ...subject, attempt })).toEqual({ kind: 'canceled', pspReference: 'PSP1' });
});
