import type { Instant } from '../../kernel/instant.ts';
import { money } from '../../kernel/money.ts';
import type { EventFact } from '../events/event.ts';
import { isMoving } from '../payment/movement.ts';
import { concludeMovement } from './conclude-movement.ts';
import type { Purchase, Sale } from './purchase.ts';
import { type Step, orderData, step } from './step.ts';

/**
 * The PSP gave reserved money back: the authorisation expired, or our own void got there before its answer. What was
 * captured stays captured; an order of which nothing was is canceled. Repeated news answer null.
 */
export function releaseAuthorization(
  purchase: Purchase,
  attemptId: string,
  pspReference: string,
  at: Instant,
): Step | null {
  const { checkout, sale } = purchase;
  if (sale === undefined) return null;
  const voiding = sale.movements.find(
    (each) => each.kind === 'void' && each.attemptId === attemptId && isMoving(each),
  );
  if (voiding !== undefined) {
    const outcome = { kind: 'succeeded', pspReference, amount: voiding.amount } as const;
    return concludeMovement(purchase, voiding.id, outcome, at);
  }
  const { order, payment } = sale;
  const isStray = sale.movements.some((each) => each.stray && each.attemptId === attemptId);
  if (isStray || payment.state !== 'authorized') return null;
  const state = payment.captured > 0n ? ('captured' as const) : ('canceled' as const);
  const after: Sale = {
    ...sale,
    order: { ...order, state, changedAt: at },
    payment: { ...payment, state, changedAt: at },
  };
  const data = orderData(checkout.id, after);
  const captured = money(payment.captured, payment.currency);
  const last: EventFact =
    state === 'captured'
      ? { type: 'order.captured', data: { ...data, captured } }
      : { type: 'order.canceled', data };
  return step(
    { checkout, sale: after },
    {
      journal: [
        { subject: payment.id, at, from: payment.state, to: state, because: 'the authorisation has expired' },
      ],
      events: [{ type: 'payment.expired', data }, last],
    },
  );
}
