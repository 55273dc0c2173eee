import { beginMovement } from '../domain/purchase/begin-movement.ts';
import { closeCheckout } from '../domain/purchase/close-checkout.ts';
import type { CheckoutId } from '../kernel/ids.ts';
import type { NewRequest } from '../domain/request.ts';
import type { Deps } from './deps.ts';
import { moveMoney } from './move-money.ts';
import type { Answer } from './answer.ts';

/** Releases authorised money. An order that waits for its first authorisation is closed without asking a PSP. */
export function cancelOrder(
  deps: Deps,
  ask: { readonly request: NewRequest; readonly checkoutId: CheckoutId },
): Promise<Answer> {
  return moveMoney(deps, ask, (purchase, id, at) =>
    purchase.sale?.order.state === 'pending'
      ? closeCheckout(purchase, 'canceled', at)
      : beginMovement(purchase, { id, kind: 'void' }, at),
  );
}
