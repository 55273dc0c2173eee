import { join } from 'node:path';
import { unreachable } from '../../kernel/unreachable.ts';
import { openLedgerFile } from '../ledger-file.ts';
import type { Card } from './card.ts';
import {
  withMovement,
  type Movement,
  type Payment,
  type PaymentFacts,
  type PaymentState,
} from './payment.ts';
import type { NotificationItem } from './signature.ts';

/** A card kept for a shopper. */
export type StoredMethod = {
  readonly id: string;
  readonly merchantAccount: string;
  readonly shopperReference: string;
  readonly card: Card;
  readonly recurringProcessingModel: string;
  readonly networkTxReference: string;
};

/** The stored answer of a request, by its idempotency key; `request` names endpoint and body. */
export type StoredReply = {
  readonly key: string;
  readonly request: string;
  readonly status: number;
  readonly body: unknown;
};

/** A webhook item and its number in the order of events. */
export type Notification = { readonly id: number; readonly item: NotificationItem };

/** What is written, one line each, and never changed. Everything the stand-in knows is the sum of these. */
export type LedgerRecord =
  | { readonly kind: 'payment'; readonly facts: PaymentFacts; readonly state: PaymentState }
  | { readonly kind: 'state'; readonly pspReference: string; readonly state: PaymentState }
  | { readonly kind: 'movement'; readonly movement: Movement }
  | { readonly kind: 'dispute'; readonly pspReference: string; readonly disputeReference: string }
  | { readonly kind: 'stored'; readonly method: StoredMethod }
  | { readonly kind: 'forgotten'; readonly id: string }
  | { readonly kind: 'reply'; readonly reply: StoredReply }
  | { readonly kind: 'notification'; readonly notification: Notification }
  | { readonly kind: 'delivered'; readonly id: number };

/** The books of the stand-in: read the maps, write only with `append`. */
export type Ledger = {
  readonly payments: ReadonlyMap<string, Payment>;
  readonly storedMethods: ReadonlyMap<string, StoredMethod>;
  readonly replies: ReadonlyMap<string, StoredReply>;
  readonly notifications: readonly Notification[];
  readonly delivered: ReadonlySet<number>;
  readonly movements: readonly Movement[];
  /** The payment that waits for, or was concluded by, this shopper step. */
  readonly byToken: ReadonlyMap<string, string>;
  /** Payments that are to be captured at a later time, whether or not it has come. */
  readonly delayed: ReadonlySet<string>;
  readonly append: (record: LedgerRecord) => void;
  readonly close: () => Promise<void>;
};

/** Opens the books: those of `adyen.ndjson` in the directory when one is given, otherwise new ones in memory. */
export async function openLedger(directory: string | undefined): Promise<Ledger> {
  const payments = new Map<string, Payment>();
  const storedMethods = new Map<string, StoredMethod>();
  const replies = new Map<string, StoredReply>();
  const notifications: Notification[] = [];
  const delivered = new Set<number>();
  const movements: Movement[] = [];
  const byToken = new Map<string, string>();
  const delayed = new Set<string>();

  function change(pspReference: string, into: (payment: Payment) => Payment): void {
    const payment = payments.get(pspReference);
    if (payment === undefined) throw new Error(`the ledger has no payment ${pspReference}`);
    payments.set(pspReference, into(payment));
  }
  function noteToken(pspReference: string, state: PaymentState): void {
    if (state.is === 'waiting') byToken.set(state.step.token, pspReference);
  }
  function apply(record: LedgerRecord): void {
    switch (record.kind) {
      case 'payment': {
        const nothing = { authorised: 0, captured: 0, refunded: 0, cancelled: 0, chargedBack: 0 };
        const { facts, state } = record;
        payments.set(facts.pspReference, {
          ...facts,
          ...nothing,
          state,
          disputeReference: undefined,
          movements: [],
        });
        if (facts.capture.on === 'time') delayed.add(facts.pspReference);
        noteToken(facts.pspReference, state);
        break;
      }
      case 'state':
        change(record.pspReference, (payment) => ({ ...payment, state: record.state }));
        noteToken(record.pspReference, record.state);
        break;
      case 'movement':
        movements.push(record.movement);
        if (record.movement.type === 'captured') delayed.delete(record.movement.pspReference);
        change(record.movement.pspReference, (payment) => withMovement(payment, record.movement));
        break;
      case 'dispute':
        change(record.pspReference, (payment) => ({
          ...payment,
          disputeReference: record.disputeReference,
        }));
        break;
      case 'stored':
        storedMethods.set(record.method.id, record.method);
        break;
      case 'forgotten':
        storedMethods.delete(record.id);
        break;
      case 'reply':
        replies.set(record.reply.key, record.reply);
        break;
      case 'notification':
        notifications.push(record.notification);
        break;
      case 'delivered':
        delivered.add(record.id);
        break;
      default:
        unreachable(record);
    }
  }

  const path = directory === undefined ? undefined : join(directory, 'adyen.ndjson');
  const file = await openLedgerFile(path, (record) => apply(record as LedgerRecord));
  return {
    payments,
    storedMethods,
    replies,
    notifications,
    delivered,
    movements,
    byToken,
    delayed,
    append: (record) => {
      apply(record);
      file.append(record);
    },
    close: () => file.close(),
  };
}
