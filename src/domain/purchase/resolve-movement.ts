import type { MovementId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { Movement } from '../payment/movement.ts';
import type { MovementOutcome } from '../payment/outcome.ts';
import type { Resolution } from '../payment/payment.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { applyMovement, nextState } from './conclude-movement.ts';
import { endOrder, orderEnded } from './end-order.ts';
import type { Purchase, Sale } from './purchase.ts';
import { returning } from './receive-money.ts';
import { type Step, both, step, unchanged } from './step.ts';
import { whyNotFitting } from './why-not-fitting.ts';

type Quarantined = Movement & { readonly state: 'quarantined' };
type Success = MovementOutcome & { readonly kind: 'succeeded' };

/** Concludes a movement that is not the one we asked for: with what its PSP says now, or else with what it said then. */
export function resolveMovement(
  purchase: Purchase,
  movement: Quarantined,
  heard: MovementOutcome | undefined,
  resolution: Resolution,
  at: Instant,
  newMovementId: () => MovementId,
): Step | Refusal {
  const { sale } = purchase;
  const news = definite(heard) ?? (resolution === 'ask' ? undefined : saidThen(movement));
  if (sale === undefined || (news === undefined && resolution === 'ask')) return unchanged(purchase);
  if (news === undefined)
    return refuse('resolution_not_possible', 'What the PSP moved is not known, and it cannot be asked.');
  if (resolution === 'ask' || news.kind !== 'succeeded') {
    const next = nextState(sale, movement, news);
    const isSame =
      next.state === 'quarantined' && next.cause === movement.cause && movement.said !== undefined;
    return isSame ? unchanged(purchase) : applyMovement(purchase, sale, movement, next, news.kind, at);
  }
  return resolution === 'accept'
    ? accept(purchase, sale, movement, news, at)
    : giveBack(purchase, sale, movement, news, at, newMovementId());
}

/** An answer that settles something. Adyen's is always `pending`, and its webhook was heard long ago. */
function definite(heard: MovementOutcome | undefined): MovementOutcome | undefined {
  return heard?.kind === 'unknown' || heard?.kind === 'pending' ? undefined : heard;
}

function saidThen({ pspReference, said }: Quarantined): Success | undefined {
  return said && { kind: 'succeeded', pspReference, amount: said };
}

/**
 * What the PSP did counts where it fits. A capture that does not has to go back; everything else cannot, and is
 * recorded without the payment counting it.
 */
function accept(
  purchase: Purchase,
  sale: Sale,
  movement: Quarantined,
  { pspReference, amount }: Success,
  at: Instant,
): Step | Refusal {
  const done = { ...movement, amount: movement.kind === 'void' ? movement.amount : amount };
  const fits =
    movement.kind === 'void' ||
    (amount.currency === sale.payment.currency && whyNotFitting(sale, done) === null);
  if (!fits && movement.kind === 'capture')
    return refuse('resolution_not_possible', `${movement.cause}: return it.`);
  const succeeded = { state: 'succeeded', pspReference } as const;
  return applyMovement(
    purchase,
    sale,
    { ...done, stray: movement.stray || !fits },
    succeeded,
    'accepted',
    at,
  );
}

/** Only what was taken can go back: the capture is recorded, not counted, and refunded whole. */
function giveBack(
  purchase: Purchase,
  sale: Sale,
  movement: Quarantined,
  { pspReference, amount }: Success,
  at: Instant,
  id: MovementId,
): Step | Refusal {
  const attempt = sale.attempts.find((each) => each.id === movement.attemptId);
  if (movement.kind !== 'capture' || attempt === undefined)
    return refuse('resolution_not_possible', `A ${movement.kind} cannot be given back: accept it.`);
  const taken = { ...movement, amount, stray: true };
  const recorded = applyMovement(
    purchase,
    sale,
    taken,
    { state: 'succeeded', pspReference },
    'to be returned',
    at,
  );
  const { checkout, sale: now = sale } = recorded.purchase;
  const back = returning(attempt, 'refund', amount, { id, at });
  // What was to be the last capture has used the authorisation up.
  const isOver = movement.final && (sale.order.state === 'authorized' || sale.order.state === 'held');
  const after: Sale = { ...(isOver ? endOrder(now, at) : now), movements: [...now.movements, back] };
  return both(
    recorded,
    step(
      { checkout, sale: after },
      {
        journal: [{ subject: id, at, from: null, to: 'prepared', because: `returns ${movement.id}` }],
        events: isOver ? [orderEnded(checkout.id, after)] : [],
      },
    ),
  );
}
