import type { Instant } from '../../kernel/instant.ts';
import { type Refusal, isRefusal, refuse } from '../refusal.ts';
import { type PlannedMovement, beginMovement } from './begin-movement.ts';
import type { Purchase } from './purchase.ts';
import { type Step, orderData, step } from './step.ts';

/**
 * A reviewer lets a held order go. Where the checkout asked for automatic capture, the capture that the review held
 * back is begun in the same step.
 */
export function approveReview(
  purchase: Purchase,
  capture: PlannedMovement,
  by: string,
  at: Instant,
): Step | Refusal {
  const { checkout, sale } = purchase;
  if (sale?.order.state !== 'held') return refuse('review_not_open', 'The order is not held for review.');
  const released = { ...sale, order: { ...sale.order, state: 'authorized' as const, changedAt: at } };
  const approved = step(
    { checkout, sale: released },
    {
      journal: [
        { subject: sale.payment.id, at, from: 'held', to: 'authorized', because: `approved by ${by}` },
      ],
      events: [{ type: 'order.authorized', data: orderData(checkout.id, released) }],
      labels: [{ fraud: false, source: 'review', strength: 'weak', reference: 'review approved' }],
    },
  );
  if (checkout.captureMode === 'manual') return approved;
  const capturing = beginMovement(approved.purchase, capture, at);
  if (isRefusal(capturing)) return capturing;
  return {
    ...capturing,
    journal: [...approved.journal, ...capturing.journal],
    events: approved.events,
    labels: approved.labels,
  };
}
