import { approveReview as approve } from '../domain/purchase/approve-review.ts';
import type { CheckoutId } from '../kernel/ids.ts';
import type { NewRequest } from '../domain/request.ts';
import type { Deps } from './deps.ts';
import { moveMoney } from './move-money.ts';
import type { Answer } from './answer.ts';

/** Lets a held order go; captures it where the checkout asked for automatic capture. */
export function approveReview(
  deps: Deps,
  { by, ...ask }: { readonly request: NewRequest; readonly checkoutId: CheckoutId; readonly by: string },
): Promise<Answer> {
  return moveMoney(deps, ask, (purchase, id, at) => approve(purchase, { id, kind: 'capture' }, by, at));
}
