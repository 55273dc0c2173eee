import type { CheckoutId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { EventFact } from '../events/event.ts';
import type { Posting } from '../payment/posting.ts';
import type { LabelFact } from '../risk/label.ts';
import type { Purchase, Sale } from './purchase.ts';

/**
 * What one decision changes: the purchase as it will be, and what is said about it. The store writes it all in one
 * transaction or none of it.
 */
export type Step = {
  readonly purchase: Purchase;
  readonly journal: readonly JournalEntry[];
  readonly events: readonly EventFact[];
  readonly postings: readonly Posting[];
  /** What this tells about fraud. */
  readonly labels: readonly LabelFact[];
};

/** One line of a payment's history. `subject` is the payment, an attempt or a movement. */
export type JournalEntry = {
  readonly subject: string;
  readonly at: Instant;
  readonly from: string | null;
  readonly to: string;
  /** What the state alone does not tell: the PSP's words, the reason of a choice. */
  readonly because: string;
};

/** Says what a step does beside changing the purchase; counts the order's events on the way. */
export function step(
  purchase: Purchase,
  said: Pick<Step, 'journal' | 'events'> & Partial<Pick<Step, 'postings' | 'labels'>>,
): Step {
  const sale = purchase.sale;
  const counted =
    sale === undefined || said.events.length === 0
      ? purchase
      : {
          ...purchase,
          sale: { ...sale, order: { ...sale.order, eventCount: sale.order.eventCount + said.events.length } },
        };
  const { journal, events, postings = [], labels = [] } = said;
  return { purchase: counted, journal, events, postings, labels };
}

/** One step after another, as one: the second was decided on what the first leaves. */
export function both(first: Step, second: Step): Step {
  return {
    purchase: second.purchase,
    journal: [...first.journal, ...second.journal],
    events: [...first.events, ...second.events],
    postings: [...first.postings, ...second.postings],
    labels: [...first.labels, ...second.labels],
  };
}

/** A decision that changes nothing. */
export function unchanged(purchase: Purchase): Step {
  return step(purchase, { journal: [], events: [] });
}

/** The part of an event's data that names the order. */
export function orderData(checkoutId: CheckoutId, sale: Sale) {
  return { orderId: sale.order.id, checkoutId, total: sale.order.total };
}
