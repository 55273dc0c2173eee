import { beginMovement } from '../domain/purchase/begin-movement.ts';
import { refuse } from '../domain/refusal.ts';
import type { CheckoutId } from '../kernel/ids.ts';
import type { NewRequest } from '../domain/request.ts';
import type { Deps } from './deps.ts';
import { moveMoney } from './move-money.ts';
import type { Answer } from './request.ts';

/** Refuses a held order: its authorisation is voided and the order canceled. */
export function rejectReview(
  deps: Deps,
  ask: { readonly request: NewRequest; readonly checkoutId: CheckoutId },
): Promise<Answer> {
  return moveMoney(deps, ask, (purchase, id, at) =>
    purchase.sale?.order.state === 'held'
      ? beginMovement(purchase, { id, kind: 'void' }, at)
      : refuse('review_not_open', 'The order is not held for review.'),
  );
}
