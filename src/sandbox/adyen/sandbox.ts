import { randomBytes } from 'node:crypto';
import type { Clock } from '../../kernel/instant.ts';
import type { FaultScript } from '../fault-script.ts';
import type { Ledger } from './ledger.ts';
import type { Movement, MovementType, Payment } from './payment.ts';
import type { NotificationItem } from './signature.ts';
import type { Amount } from './wire.ts';
import type { Webhooks } from './webhooks.ts';

/** How the merchant's account is set up at the stand-in. */
export type Account = {
  readonly apiKey: string;
  readonly company: string;
  readonly merchantAccounts: readonly string[];
  /** When an authorisation is captured unless the request says otherwise. */
  readonly capture: 'immediate' | 'manual';
  /** Without it, a partial capture gives the rest of the authorisation back. */
  readonly multiplePartialCaptures: boolean;
};

/** What every route works with. */
export type Sandbox = {
  readonly account: Account;
  readonly ledger: Ledger;
  readonly webhooks: Webhooks;
  readonly faults: FaultScript;
  /** The idempotency keys of requests that are being worked on. */
  readonly inFlight: Set<string>;
  readonly latencyMs: number;
  readonly now: Clock;
  readonly newReference: () => string;
  /** Where the stand-in's own pages are. */
  readonly origin: () => string;
};

const alphabet = 'BCDFGHJKLMNPQRSTVWXZ23456789';

/** A PSP reference: sixteen capitals and digits, as Adyen writes them. */
export function randomReference(): string {
  return Array.from(randomBytes(16), (byte) => alphabet.charAt(byte % alphabet.length)).join('');
}

/** Writes a movement of this payment into the books. */
export function move(
  sandbox: Sandbox,
  payment: Payment,
  type: MovementType,
  value: number,
  by: string,
  idempotencyKey = '',
): void {
  const { pspReference, amount } = payment;
  const movement: Movement = {
    type,
    pspReference,
    by,
    idempotencyKey,
    value,
    currency: amount.currency,
    at: sandbox.now(),
  };
  sandbox.ledger.append({ kind: 'movement', movement });
}

/** Tells the merchant, by webhook, what became of a payment or of a modification of it. */
export function notify(
  sandbox: Sandbox,
  payment: Payment,
  event: {
    readonly eventCode: string;
    readonly success?: boolean;
    /** The reference of the modification or dispute; the payment's own when left out. */
    readonly by?: string;
    readonly amount?: Amount;
    readonly reason?: string;
    readonly merchantReference?: string;
    readonly operations?: readonly string[];
    readonly additionalData?: Readonly<Record<string, string>>;
  },
): void {
  const item: NotificationItem = {
    additionalData: event.additionalData ?? {},
    amount: event.amount ?? payment.amount,
    eventCode: event.eventCode,
    eventDate: new Date(sandbox.now()).toISOString().replace(/\.\d+Z$/, '+00:00'),
    merchantAccountCode: payment.merchantAccount,
    merchantReference: event.merchantReference ?? payment.reference,
    ...(event.by === undefined ? {} : { originalReference: payment.pspReference }),
    ...(event.operations === undefined ? {} : { operations: event.operations }),
    paymentMethod: payment.card.brand,
    pspReference: event.by ?? payment.pspReference,
    reason: event.reason ?? '',
    success: event.success === false ? 'false' : 'true',
  };
  sandbox.webhooks.announce(item);
}

/** The payment of that reference in its latest state. */
export function latest(sandbox: Sandbox, pspReference: string): Payment {
  const payment = sandbox.ledger.payments.get(pspReference);
  if (payment === undefined) throw new Error(`no payment ${pspReference}`);
  return payment;
}
