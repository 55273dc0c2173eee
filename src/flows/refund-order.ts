import type { RefundReason } from '../domain/payment/movement.ts';
import { beginMovement } from '../domain/purchase/begin-movement.ts';
import type { CheckoutId } from '../kernel/ids.ts';
import type { Money } from '../kernel/money.ts';
import type { NewRequest } from '../domain/request.ts';
import type { Deps } from './deps.ts';
import { moveMoney } from './move-money.ts';
import type { Answer } from './answer.ts';

export type RefundAsk = {
  readonly request: NewRequest;
  readonly checkoutId: CheckoutId;
  /** Absent: everything that is left. */
  readonly amount?: Money;
  readonly reason: RefundReason;
};

/** Gives captured money back, all of it or a part. */
export function refundOrder(deps: Deps, { amount, reason, ...ask }: RefundAsk): Promise<Answer> {
  return moveMoney(deps, ask, (purchase, id, at) =>
    beginMovement(purchase, { id, kind: 'refund', reason, ...(amount === undefined ? {} : { amount }) }, at),
  );
}
