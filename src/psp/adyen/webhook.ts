import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { AttemptOutcome, MovementOutcome } from '../../domain/payment/outcome.ts';
import type {
  AttemptRef,
  DisputeNews,
  MovementRef,
  Testimony,
  Witness,
} from '../../domain/payment/witness.ts';
import type { Money } from '../../kernel/money.ts';
import { adyenExponents, fromPspAmount } from '../currency-exponents.ts';
import type { WebhookBody, WebhookReading } from '../psp.ts';
import { fromReference } from './reference.ts';

/** Only the eight signed fields and the signature: nothing else of an item is believed, so nothing else is read. */
const itemSchema = z.object({
  pspReference: z.string(),
  originalReference: z.string().default(''),
  merchantAccountCode: z.string(),
  merchantReference: z.string().default(''),
  amount: z.object({ value: z.int(), currency: z.string() }),
  eventCode: z.string(),
  success: z.enum(['true', 'false']),
  additionalData: z.object({ hmacSignature: z.string() }),
});

const bodySchema = z.object({
  notificationItems: z.array(z.object({ NotificationRequestItem: itemSchema })).min(1),
});

type Item = z.output<typeof itemSchema>;

/**
 * All items of a body must be authentic, or none is heard: Adyen sends again what was refused, and a body with one
 * forged item was not made by Adyen. There is no signed time, so an old body can be replayed; it changes nothing, for
 * every message has its own id and every state moves forward only.
 */
export function readAdyenWebhook(
  merchantAccount: string,
  hmacKeys: readonly string[],
  delivery: WebhookBody,
): WebhookReading {
  const body = bodySchema.safeParse(jsonOf(delivery.raw));
  if (!body.success) return { kind: 'refused', why: 'the body is not a standard webhook' };
  const witnesses: Witness[] = [];
  for (const { NotificationRequestItem: item } of body.data.notificationItems) {
    if (!hmacKeys.some((key) => isSigned(item, key)))
      return { kind: 'refused', why: 'the signature does not match' };
    if (item.merchantAccountCode !== merchantAccount) {
      return { kind: 'refused', why: 'the item is for another merchant account' };
    }
    for (const [index, testimony] of testimoniesOf(item).entries()) {
      const id = `${item.pspReference}.${item.eventCode}.${item.success}`;
      witnesses.push({
        messageId: index === 0 ? id : `${id}.${index}`,
        type: item.eventCode,
        // Adyen's own date of the event is not signed.
        saidAt: delivery.receivedAt,
        testimony,
      });
    }
  }
  return { kind: 'witnesses', witnesses };
}

function jsonOf(raw: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(raw));
  } catch {
    return undefined;
  }
}

function isSigned(item: Item, hmacKey: string): boolean {
  const { amount } = item;
  const signed = [
    item.pspReference,
    item.originalReference,
    item.merchantAccountCode,
    item.merchantReference,
    amount.value,
    amount.currency,
    item.eventCode,
    item.success,
  ].join(':');
  const expected = createHmac('sha256', Buffer.from(hmacKey, 'hex')).update(signed, 'utf8').digest();
  const given = Buffer.from(item.additionalData.hmacSignature, 'base64');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function testimoniesOf(item: Item): Testimony[] {
  const { value, currency } = item.amount;
  const amount = fromPspAmount(value, currency, adyenExponents);
  const nothing: Testimony[] = [{ about: 'nothing' }];
  if (amount === null) return nothing;
  const dispute = disputeStates[item.eventCode];
  if (dispute !== undefined) return [aboutDispute(item, amount, dispute)];
  switch (item.eventCode) {
    case 'AUTHORISATION':
      return [aboutAuthorisation(item, amount)];
    case 'CAPTURE':
      return [
        item.success === 'false' && isCapturedAtOnce(item)
          ? aboutReversal(item)
          : aboutMovement(item, amount, item.success === 'true'),
      ];
    case 'REFUND':
      return [item.success === 'true' ? aboutRefund(item, amount) : aboutMovement(item, amount, false)];
    // Ours, or of a person in Adyen's Customer Area.
    case 'CANCELLATION':
      return [item.success === 'true' ? aboutRelease(item, amount) : aboutMovement(item, amount, false)];
    case 'AUTHORISATION_ADJUSTMENT':
      return [aboutMovement(item, difference(item, amount), item.success === 'true')];
    case 'CAPTURE_FAILED':
    case 'REFUND_FAILED':
    case 'REFUNDED_REVERSED':
      return [aboutReversal(item)];
    // The authorisation was given back without a movement of ours.
    case 'EXPIRE':
      return [aboutRelease(item, amount)];
    case 'TECHNICAL_CANCEL':
      return item.success === 'true' ? [aboutCancel(item), aboutRelease(item, amount)] : nothing;
    // Which of the two is not signed; what was taken can only have been refunded.
    case 'CANCEL_OR_REFUND':
      return item.success === 'true' ? [aboutRefund(item, amount, { released: true })] : nothing;
    case 'NOTIFICATION_OF_FRAUD':
      return [{ about: 'fraud', ref: originalOf(item) }];
    default:
      return nothing;
  }
}

/** The payment that a modification, dispute or report is about. */
function originalOf({ originalReference, merchantReference }: Item): AttemptRef {
  const reference = fromReference(merchantReference);
  return {
    ...(reference.names === 'attempt' && { attemptId: reference.attemptId }),
    ...(originalReference !== '' && { pspReference: originalReference }),
  };
}

/**
 * A success testifies with what is signed: the amount, and by our own reference whether it captured at once. Who was
 * authenticated is not signed, so liability stays with the merchant until the API says otherwise. That a payment
 * was refused is signed, its reason is not: Adyen is asked for it.
 */
function aboutAuthorisation(item: Item, amount: Money): Testimony {
  const reference = fromReference(item.merchantReference);
  if (reference.names !== 'attempt') return { about: 'nothing' };
  const ref = { attemptId: reference.attemptId, pspReference: item.pspReference };
  if (item.success === 'false') {
    const decline = { code: 'other', raw: item.eventCode } as const;
    const otherwise = { kind: 'declined', pspReference: item.pspReference, decline, card: {} } as const;
    return { about: 'ask', ref, otherwise };
  }
  const outcome: AttemptOutcome = {
    kind: 'authorized',
    pspReference: item.pspReference,
    amount,
    ...(reference.captures && { captured: amount }),
    card: {},
    authentication: { method: 'none', liability: 'merchant' },
  };
  return { about: 'attempt', ref, outcome };
}

function aboutMovement(item: Item, amount: Money, succeeded: boolean): Testimony & { about: 'movement' } {
  const reference = fromReference(item.merchantReference);
  const outcome: MovementOutcome = succeeded
    ? { kind: 'succeeded', pspReference: item.pspReference, amount }
    : { kind: 'failed', pspReference: item.pspReference, raw: item.eventCode };
  return {
    about: 'movement',
    ref: {
      ...(reference.names === 'movement' && { movementId: reference.movementId }),
      pspReference: item.pspReference,
      attempt: originalOf(item),
    },
    outcome,
  };
}

/** After `CAPTURE` or `REFUND`, whichever arrives first. What was captured without delay is known by its payment. */
function aboutReversal(item: Item): Testimony {
  const { pspReference, originalReference, merchantReference, eventCode } = item;
  const reference = fromReference(merchantReference);
  const atOnce = eventCode.startsWith('CAPTURE') && isCapturedAtOnce(item);
  return {
    about: 'movement',
    ref: {
      ...(reference.names === 'movement' && { movementId: reference.movementId }),
      pspReference: atOnce ? originalReference : pspReference,
      attempt: originalOf(item),
    },
    outcome: { kind: 'reversed', pspReference, raw: eventCode },
  };
}

/** What captures with its authorisation counts as captured from then on; its reference says so. */
function isCapturedAtOnce({ merchantReference }: Item): boolean {
  const reference = fromReference(merchantReference);
  return reference.names === 'attempt' && reference.captures;
}

function aboutRefund(item: Item, amount: Money, or: Pick<MovementRef, 'released'> = {}): Testimony {
  const testimony = aboutMovement(item, amount, true);
  return { ...testimony, ref: { ...testimony.ref, ...or, refunded: true } };
}

function aboutRelease(item: Item, amount: Money): Testimony {
  const testimony = aboutMovement(item, amount, true);
  return { ...testimony, ref: { ...testimony.ref, released: true } };
}

/** What an increment added: Adyen tells the new total, our reference what it started from. */
function difference({ merchantReference }: Item, total: Money): Money {
  const reference = fromReference(merchantReference);
  const from = reference.names === 'movement' ? reference.from : undefined;
  const before = from === undefined ? null : fromPspAmount(from, total.currency, adyenExponents);
  return before === null ? total : { ...total, amount: total.amount - before.amount };
}

function aboutCancel(item: Item): Testimony {
  const pspReference = item.originalReference === '' ? item.pspReference : item.originalReference;
  return { about: 'attempt', ref: originalOf(item), outcome: { kind: 'canceled', pspReference } };
}

/** The reason, the scheme's code and the deadline are not signed: they are read in Adyen's Customer Area. */
function aboutDispute(item: Item, amount: Money, state: DisputeNews['state']): Testimony {
  const { pspReference, eventCode } = item;
  return {
    about: 'dispute',
    ref: originalOf(item),
    dispute: {
      pspReference,
      state,
      amount,
      reason: eventCode,
      fraud: false,
      inquiry: inquiries.includes(eventCode),
    },
  };
}

/** What comes before an issuer takes money. */
const inquiries: readonly string[] = ['REQUEST_FOR_INFORMATION', 'NOTIFICATION_OF_CHARGEBACK'];

const disputeStates: Readonly<Record<string, DisputeNews['state']>> = {
  REQUEST_FOR_INFORMATION: 'opened',
  NOTIFICATION_OF_CHARGEBACK: 'opened',
  CHARGEBACK: 'opened',
  INFORMATION_SUPPLIED: 'under_review',
  CHARGEBACK_REVERSED: 'won',
  PREARBITRATION_WON: 'won',
  DISPUTE_DEFENSE_PERIOD_ENDED: 'lost',
  SECOND_CHARGEBACK: 'lost',
  PREARBITRATION_LOST: 'lost',
};
