import { beginMovement } from '../domain/purchase/begin-movement.ts';
import type { NewRequest } from '../domain/request.ts';
import type { CheckoutId } from '../kernel/ids.ts';
import type { Money } from '../kernel/money.ts';
import type { Deps } from './deps.ts';
import { moveMoney } from './move-money.ts';
import type { Answer } from './answer.ts';

export type IncrementAsk = {
  readonly request: NewRequest;
  readonly checkoutId: CheckoutId;
  /** How much is added to what is reserved. */
  readonly amount: Money;
};

/** Reserves more money for an order that has grown. */
export function incrementOrder(deps: Deps, { amount, ...ask }: IncrementAsk): Promise<Answer> {
  return moveMoney(deps, ask, (purchase, id, at) =>
    beginMovement(purchase, { id, kind: 'increment', amount }, at),
  );
}
