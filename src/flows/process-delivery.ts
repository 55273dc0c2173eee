import { type Attempt, attemptTransitions, isLive } from '../domain/payment/attempt.ts';
import type { AttemptRef, MovementRef } from '../domain/payment/witness.ts';
import type { Purchase } from '../domain/purchase/purchase.ts';
import { releaseAuthorization } from '../domain/purchase/release-authorization.ts';
import { fraudReportOf, reportFraud } from '../domain/purchase/report-fraud.ts';
import type { Step } from '../domain/purchase/step.ts';
import { unreachable } from '../kernel/unreachable.ts';
import type { Instant } from '../kernel/instant.ts';
import type { Delivery, DeliveryName } from '../store/store.ts';
import { concludeQuietly, subjectOf } from './authorize-attempt.ts';
import { commit } from './commit.ts';
import { concludeDispute } from './conclude-dispute.ts';
import type { Deps } from './deps.ts';
import { concludeMovementQuietly } from './move-money.ts';

/** How often a message is tried that is about nobody, or that the database refuses, until it is set aside (45 minutes). */
const triesMax = 10;

/** Applies one stored webhook, or sets aside what can never be applied; the fault is told with every try. */
export async function processDelivery(deps: Deps, delivery: Delivery): Promise<void> {
  try {
    await applyDelivery(deps, delivery);
  } catch (fault) {
    const constraint = fault instanceof Error && 'constraint' in fault ? fault.constraint : undefined;
    if (typeof constraint === 'string' && delivery.tries >= triesMax) {
      const { psp, account, witness } = delivery;
      const name = { psp, account, messageId: witness.messageId };
      await deps.store.deliveries.close(name, 'set_aside', `refused by the database: ${constraint}`);
    }
    throw fault;
  }
}

/**
 * A message may be early (before our own call was answered), late, or repeated: the decision is the same function as for
 * any other witness, and what is already known changes nothing.
 */
async function applyDelivery(deps: Deps, delivery: Delivery): Promise<void> {
  const { testimony, messageId } = delivery.witness;
  const name = { psp: delivery.psp, account: delivery.account, messageId };
  const close = (note: string) => deps.store.deliveries.close(name, 'processed', note);
  const later = (note: string) =>
    delivery.tries < triesMax ? undefined : deps.store.deliveries.close(name, 'set_aside', note);
  if (testimony.about === 'nothing') return close('of no consequence');

  const purchase = await deps.store.purchases.findByReference(delivery, testimony.ref);
  if (purchase === null) return later('no attempt or movement of ours has this reference');
  const along = () => ({ delivery: name });
  switch (testimony.about) {
    case 'attempt': {
      const attempt = findAttempt(purchase, testimony.ref);
      const concluded =
        attempt && (await concludeQuietly(deps, purchase, attempt.id, testimony.outcome, along));
      return concluded ? undefined : close('known already');
    }
    case 'movement': {
      const { ref, outcome } = testimony;
      const movement = findMovement(purchase, ref);
      const attempt = findAttempt(purchase, ref.attempt);
      if (movement === undefined && attempt && isLive(attempt))
        return later('the attempt whose money moved has not been heard of');
      const changed =
        movement === undefined
          ? await release(deps, purchase, ref, name)
          : await concludeMovementQuietly(deps, purchase, movement.id, outcome, along);
      return changed ? undefined : close('known already');
    }
    case 'ask': {
      const attempt = findAttempt(purchase, testimony.ref);
      const account = deps.psps.find(delivery.psp, delivery.account);
      if (attempt === undefined || account === null) return close('nothing to ask about');
      // Our own call was answered first, as it nearly always is: the PSP has nothing to add. Of an attempt that was
      // declined or given up it may still have: a late success.
      if (attempt.state === 'quarantined') return close('quarantined: a person asks');
      if (attemptTransitions[attempt.state].length === 0) return close('known already');
      const outcome = await account.psp.ask(subjectOf(purchase, attempt));
      const concluded = await concludeQuietly(deps, purchase, attempt.id, outcome, along);
      return concluded ? undefined : close('asked, and known already');
    }
    case 'dispute': {
      const attempt = findAttempt(purchase, testimony.ref);
      const changed = attempt && (await concludeDispute(deps, purchase, attempt, testimony.dispute, name));
      return changed ? undefined : close('known already');
    }
    case 'fraud': {
      const attempt = findAttempt(purchase, testimony.ref);
      const changed = attempt && (await recordFraudReport(deps, purchase, attempt, name));
      return changed ? undefined : close('known already');
    }
    default:
      return unreachable(testimony);
  }
}

/** Reserved money went back without a movement of ours that has this name: it lapsed, or our void is not heard yet. */
async function release(
  deps: Deps,
  purchase: Purchase,
  ref: MovementRef,
  delivery: DeliveryName,
): Promise<boolean> {
  const attempt = findAttempt(purchase, ref.attempt);
  if (ref.released !== true || attempt === undefined) return false;
  const at = deps.clock();
  const released = releaseAuthorization(purchase, attempt.id, ref.pspReference ?? '', at);
  if (released === null) return false;
  return commitOrRepeat(deps, purchase, released, at, delivery, (now) => release(deps, now, ref, delivery));
}

async function recordFraudReport(
  deps: Deps,
  purchase: Purchase,
  attempt: Attempt,
  delivery: DeliveryName,
): Promise<boolean> {
  const { merchantId, id } = purchase.checkout;
  const labels = await deps.store.labels.ofPurchase(merchantId, id);
  if (labels.some(({ reference }) => reference === fraudReportOf(attempt))) return false;
  const at = deps.clock();
  const reported = reportFraud(purchase, attempt, at);
  if (reported === null) return false;
  return commitOrRepeat(deps, purchase, reported, at, delivery, (now) =>
    recordFraudReport(deps, now, attempt, delivery),
  );
}

async function commitOrRepeat(
  deps: Deps,
  purchase: Purchase,
  step: Step,
  at: Instant,
  delivery: DeliveryName,
  repeat: (now: Purchase) => Promise<boolean>,
): Promise<boolean> {
  const committed = await commit(deps, purchase, step, at, () => ({ delivery }));
  if (committed.saved === 'saved') return true;
  const now = await deps.store.purchases.find(purchase.checkout.merchantId, purchase.checkout.id);
  return now !== null && repeat(now);
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
