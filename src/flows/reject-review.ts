import { beginMovement } from '../domain/purchase/begin-movement.ts';
import { isRefusal, refuse } from '../domain/refusal.ts';
import type { CheckoutId } from '../kernel/ids.ts';
import type { NewRequest } from '../domain/request.ts';
import type { Deps } from './deps.ts';
import { moveMoney } from './move-money.ts';
import type { Answer } from './answer.ts';

/** A reviewer is right more often than not, and no issuer has said so. */
const suspected = {
  fraud: true,
  source: 'review',
  strength: 'weak',
  reference: 'review rejected',
} as const;

/** Refuses a held order: its authorisation is voided and the order canceled. */
export function rejectReview(
  deps: Deps,
  ask: { readonly request: NewRequest; readonly checkoutId: CheckoutId },
): Promise<Answer> {
  return moveMoney(deps, ask, (purchase, id, at) => {
    if (purchase.sale?.order.state !== 'held')
      return refuse('review_not_open', 'The order is not held for review.');
    const voiding = beginMovement(purchase, { id, kind: 'void' }, at);
    return isRefusal(voiding) ? voiding : { ...voiding, labels: [suspected] };
  });
}
