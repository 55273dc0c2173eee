import type { Attempt } from '../domain/payment/attempt.ts';
import type { AttemptRef, MovementRef } from '../domain/payment/witness.ts';
import type { Purchase } from '../domain/purchase/purchase.ts';
import { unreachable } from '../kernel/unreachable.ts';
import type { Delivery } from '../store/store.ts';
import { concludeQuietly, subjectOf } from './authorize-attempt.ts';
import type { Deps } from './deps.ts';
import { concludeMovementQuietly } from './move-money.ts';

/** How many times a message may find nobody it is about before it is set aside (about an hour of tries). */
const triesMax = 10;

/**
 * Applies one stored webhook. It may be early (before our own call was answered), late, or repeated: the decision is the
 * same function as for any other witness, and what is already known changes nothing.
 */
export async function processDelivery(deps: Deps, delivery: Delivery): Promise<void> {
  const { testimony, messageId } = delivery.witness;
  const name = { psp: delivery.psp, account: delivery.account, messageId };
  const close = (note: string) => deps.store.deliveries.close(name, 'processed', note);
  if (testimony.about === 'nothing') return close('of no consequence');

  const purchase =
    testimony.about === 'movement'
      ? await deps.store.purchases.findByMovement(delivery, testimony.ref)
      : await deps.store.purchases.findByAttempt(delivery, testimony.ref);
  if (purchase === null) {
    return delivery.tries < triesMax
      ? undefined
      : deps.store.deliveries.close(name, 'set_aside', 'no attempt or movement of ours has this reference');
  }
  const along = () => ({ delivery: name });
  switch (testimony.about) {
    case 'attempt': {
      const attempt = findAttempt(purchase, testimony.ref);
      const concluded =
        attempt && (await concludeQuietly(deps, purchase, attempt.id, testimony.outcome, along));
      return concluded ? undefined : close('known already');
    }
    case 'movement': {
      const movement = findMovement(purchase, testimony.ref);
      const changed =
        movement && (await concludeMovementQuietly(deps, purchase, movement.id, testimony.outcome, along));
      return changed ? undefined : close('known already');
    }
    case 'ask': {
      const attempt = findAttempt(purchase, testimony.ref);
      const account = deps.psps.find(delivery.psp, delivery.account);
      if (attempt === undefined || account === null) return close('nothing to ask about');
      const outcome = await account.psp.ask(subjectOf(purchase, attempt));
      const concluded = await concludeQuietly(deps, purchase, attempt.id, outcome, along);
      return concluded ? undefined : close('asked, and known already');
    }
    case 'dispute':
    case 'fraud':
      return close(`recorded: ${testimony.about}`);
    default:
      return unreachable(testimony);
  }
}

function findAttempt({ sale }: Purchase, ref: AttemptRef): Attempt | undefined {
  return sale?.attempts.find((each) =>
    ref.attemptId === undefined
      ? 'pspReference' in each && each.pspReference === ref.pspReference
      : each.id === ref.attemptId,
  );
}

/** A PSP may name a capture only by the charge it belongs to: then the one that is under way is meant. */
function findMovement({ sale }: Purchase, ref: MovementRef) {
  return sale?.movements.find((each) =>
    ref.movementId === undefined
      ? 'pspReference' in each && each.pspReference === ref.pspReference
      : each.id === ref.movementId,
  );
}
