import { beginMovement } from '../domain/purchase/begin-movement.ts';
import type { CheckoutId } from '../kernel/ids.ts';
import type { Money } from '../kernel/money.ts';
import type { NewRequest } from '../domain/request.ts';
import type { Deps } from './deps.ts';
import { moveMoney } from './move-money.ts';
import type { Answer } from './answer.ts';

export type CaptureAsk = {
  readonly request: NewRequest;
  readonly checkoutId: CheckoutId;
  /** Absent: everything that is left. */
  readonly amount?: Money;
  /** Release what is not captured; the default. */
  readonly final?: boolean;
};

/** Takes authorised money, all of it or a part. */
export function captureOrder(deps: Deps, { amount, final, ...ask }: CaptureAsk): Promise<Answer> {
  return moveMoney(deps, ask, (purchase, id, at) =>
    beginMovement(
      purchase,
      {
        id,
        kind: 'capture',
        ...(amount === undefined ? {} : { amount }),
        ...(final === undefined ? {} : { final }),
      },
      at,
    ),
  );
}
