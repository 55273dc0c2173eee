import type { AttemptId, MovementId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { Money } from '../../kernel/money.ts';
import type { Movement } from '../payment/movement.ts';
import { applyMovement } from './conclude-movement.ts';
import type { Purchase } from './purchase.ts';
import { authorizedAttempt } from './receive-money.ts';
import type { Step } from './step.ts';
import { whyNotFitting } from './why-not-fitting.ts';

/**
 * A person refunded taken money at the PSP, beside this service: it counts as a refund of ours does, so that nobody gives
 * the same money back again. Its key is the PSP's own reference, by which repeated news find it whatever became of it.
 * What does not fit (money that is not counted, more than was captured) is recorded as stray.
 */
export function recordRefund(
  purchase: Purchase,
  refund: {
    readonly id: MovementId;
    readonly attemptId: AttemptId;
    readonly pspReference: string;
    readonly amount: Money;
  },
  at: Instant,
): Step | null {
  const { sale } = purchase;
  const { id, attemptId, pspReference, amount } = refund;
  if (sale?.attempts.find((each) => each.id === attemptId)?.state !== 'authorized') return null;
  const made: Movement = {
    ...{ id, paymentId: sale.payment.id, attemptId, kind: 'refund', amount, pspKey: pspReference },
    ...{ final: false, reason: 'other', stray: false, createdAt: at, changedAt: at, state: 'prepared' },
  };
  const counts =
    authorizedAttempt(sale)?.id === attemptId &&
    amount.currency === sale.payment.currency &&
    whyNotFitting(sale, made) === null;
  const before = { ...sale, movements: [...sale.movements, made] };
  const succeeded = { state: 'succeeded', pspReference } as const;
  const { journal, ...said } = applyMovement(
    purchase,
    before,
    { ...made, stray: !counts },
    succeeded,
    'succeeded',
    at,
  );
  const born = { subject: id, at, from: null, to: 'prepared', because: 'made at the PSP, not by us' };
  return { ...said, journal: [born, ...journal] };
}
