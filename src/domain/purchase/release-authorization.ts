import type { Instant } from '../../kernel/instant.ts';
import { isMoving } from '../payment/movement.ts';
import { concludeMovement } from './conclude-movement.ts';
import { endOrder, orderEnded } from './end-order.ts';
import type { Purchase } from './purchase.ts';
import { authorizedAttempt } from './receive-money.ts';
import { type Step, orderData, step } from './step.ts';

/**
 * The PSP gave reserved money back: the authorisation expired, a person canceled it there, or our own void got there
 * before its answer. What was captured stays captured; an order of which nothing was is canceled. Repeated news answer null.
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
  const { payment } = sale;
  if (payment.state !== 'authorized' || authorizedAttempt(sale)?.id !== attemptId) return null;
  const after = endOrder(sale, at);
  const because = 'the authorisation has expired, or was canceled at the PSP';
  return step(
    { checkout, sale: after },
    {
      journal: [{ subject: payment.id, at, from: payment.state, to: after.payment.state, because }],
      events: [
        { type: 'payment.expired', data: orderData(checkout.id, after) },
        orderEnded(checkout.id, after),
      ],
    },
  );
}
