import { type Attempt, attemptTransitions, isLive } from '../domain/payment/attempt.ts';
import type { AttemptOutcome } from '../domain/payment/outcome.ts';
import type { AttemptRef, MovementRef, Testimony } from '../domain/payment/witness.ts';
import type { Purchase } from '../domain/purchase/purchase.ts';
import { recordRefund } from '../domain/purchase/record-refund.ts';
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

/** How often the PSP is asked until a message's own words are enough (35 seconds): the answer of a call tells more. */
const questionsMax = 4;

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
      if (
        movement === undefined &&
        attempt &&
        isEarly(purchase, attempt, testimony) &&
        delivery.tries < triesMax
      )
        return undefined;
      const changed =
        movement === undefined
          ? await giveBack(deps, purchase, testimony, name)
          : await concludeMovementQuietly(deps, purchase, movement.id, outcome, along);
      return changed ? undefined : close('known already');
    }
    case 'ask': {
      const attempt = findAttempt(purchase, testimony.ref);
      if (attempt === undefined) return close('nothing to ask about');
      if (attempt.state === 'quarantined' && attempt.unheard !== true)
        return close('quarantined: a person asks');
      // Our own call was answered first, as it nearly always is: the PSP has nothing to add. Of an attempt that was
      // declined or given up it may still have: a late success.
      const leadsTo = attemptTransitions[attempt.state];
      if (leadsTo.length === 0 || (testimony.otherwise && !leadsTo.includes('declined')))
        return close('known already');
      const outcome = await askedOrTold(deps, purchase, attempt, delivery, testimony);
      if (outcome === null) return later('the PSP could not be asked');
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

/** What the PSP answers, or what its message says by itself where that settles nothing; null while nothing is known. */
async function askedOrTold(
  deps: Deps,
  purchase: Purchase,
  attempt: Attempt,
  { psp, account, tries }: Delivery,
  { otherwise }: Testimony & { readonly about: 'ask' },
): Promise<AttemptOutcome | null> {
  const heard = await deps.psps.find(psp, account)?.psp.ask(subjectOf(purchase, attempt));
  const open: readonly AttemptOutcome['kind'][] =
    otherwise === undefined ? ['unknown'] : ['unknown', 'pending', 'requires_action'];
  if (heard !== undefined && !open.includes(heard.kind)) return heard;
  return otherwise !== undefined && tries >= questionsMax ? otherwise : null;
}

/** What a person does at the PSP may be told before what it follows: the capture of a refund, the refund that failed. */
function isEarly(
  purchase: Purchase,
  attempt: Attempt,
  { ref, outcome }: Testimony & { readonly about: 'movement' },
): boolean {
  const isRefund = ref.refunded === true && ref.released !== true && outcome.kind === 'succeeded';
  return outcome.kind === 'reversed' || (isRefund && !isTaken(purchase, attempt));
}

function isTaken({ sale }: Purchase, { id }: Attempt): boolean {
  return (sale?.movements ?? []).some(
    ({ kind, state, attemptId }) => kind === 'capture' && state === 'succeeded' && attemptId === id,
  );
}

/**
 * Money went back without a movement of ours that has this name. Reserved money lapsed, or our void is not heard yet; or a
 * person gave it back at the PSP, reserved or taken.
 */
async function giveBack(
  deps: Deps,
  purchase: Purchase,
  testimony: Testimony & { readonly about: 'movement' },
  delivery: DeliveryName,
): Promise<boolean> {
  const { ref, outcome } = testimony;
  const attempt = findAttempt(purchase, ref.attempt);
  if (outcome.kind !== 'succeeded' || attempt === undefined || findMovement(purchase, ref)) return false;
  const at = deps.clock();
  const { pspReference, amount } = outcome;
  const step =
    ref.refunded === true && isTaken(purchase, attempt)
      ? recordRefund(purchase, { id: deps.newId('mov'), attemptId: attempt.id, pspReference, amount }, at)
      : ref.released === true
        ? releaseAuthorization(purchase, attempt.id, pspReference, at)
        : null;
  if (step === null) return false;
  return commitOrRepeat(deps, purchase, step, at, delivery, (now) =>
    giveBack(deps, now, testimony, delivery),
  );
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

/** A movement of ours has a name of ours; one that a person made at the PSP has the PSP's, for its key too. */
function findMovement({ sale }: Purchase, { movementId, pspReference }: MovementRef) {
  return sale?.movements.find((each) =>
    movementId === undefined
      ? each.pspKey === pspReference || ('pspReference' in each && each.pspReference === pspReference)
      : each.id === movementId,
  );
}
