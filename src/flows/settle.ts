import { type Attempt, actionForMs, isLive } from '../domain/payment/attempt.ts';
import { type Movement, isMoving } from '../domain/payment/movement.ts';
import type { AttemptOutcome, MovementOutcome } from '../domain/payment/outcome.ts';
import type { Purchase } from '../domain/purchase/purchase.ts';
import { dayMs } from '../kernel/instant.ts';
import { unreachable } from '../kernel/unreachable.ts';
import type { Unsettled } from '../store/store.ts';
import { concludeQuietly, subjectOf } from './authorize-attempt.ts';
import type { Deps } from './deps.ts';
import { callPsp, concludeMovementQuietly, movementSubject } from './move-money.ts';

/** Finds out what became of an attempt or movement whose outcome is not known, and applies it. */
export async function settle(deps: Deps, { merchantId, checkoutId, subject }: Unsettled): Promise<void> {
  const purchase = await deps.store.purchases.find(merchantId, checkoutId);
  deps.failpoint('settle.claimed');
  if (subject.kind === 'attempt') {
    const attempt = purchase?.sale?.attempts.find((each) => each.id === subject.id);
    if (purchase && attempt && isLive(attempt)) await settleAttempt(deps, purchase, attempt);
  } else {
    const movement = purchase?.sale?.movements.find((each) => each.id === subject.id);
    if (purchase && movement && isMoving(movement)) await settleMovement(deps, purchase, movement);
  }
}

async function settleAttempt(deps: Deps, purchase: Purchase, attempt: Attempt): Promise<void> {
  const outcome = await askAboutAttempt(deps, purchase, attempt);
  await concludeQuietly(deps, purchase, attempt.id, outcome);
}

/** An account that is missing by mistake is back in a day; then a person has to look. */
const accountAwayMs = dayMs;

/** The one question, for workers and for a resumed request. */
export async function askAboutAttempt(
  deps: Deps,
  purchase: Purchase,
  attempt: Attempt,
): Promise<AttemptOutcome> {
  const account = deps.psps.find(attempt.psp, attempt.pspAccount);
  const ageMs = deps.clock() - attempt.createdAt;
  if (account === null) {
    const cause = 'the PSP account is not configured any more';
    return { kind: ageMs > accountAwayMs ? 'unheard' : 'unknown', cause };
  }
  const subject = subjectOf(purchase, attempt);
  switch (attempt.state) {
    case 'prepared':
      // The call may or may not have been made; with the same key, making it (again) charges once.
      return ageMs < account.psp.retryableForMs ? account.psp.authorize(subject) : account.psp.ask(subject);
    case 'requires_action':
      return deps.clock() - attempt.changedAt >= actionForMs
        ? account.psp.cancel(subject)
        : account.psp.ask(subject);
    case 'unknown':
    case 'pending': {
      const outcome = await account.psp.ask(subject);
      const last = attempt.state === 'unknown' ? attempt.cause : 'it was still working on it';
      return outcome.kind === 'unknown' && ageMs > account.psp.askableForMs
        ? { kind: 'unheard', cause: `the PSP never said, and cannot be asked any more (${last})` }
        : outcome;
    }
    case 'authorized':
    case 'declined':
    case 'failed':
    case 'canceled':
    case 'quarantined':
      return { kind: 'unknown', cause: 'already settled' };
    default:
      return unreachable(attempt);
  }
}

async function settleMovement(deps: Deps, purchase: Purchase, movement: Movement): Promise<void> {
  const outcome = await askAboutMovement(deps, purchase, movement);
  await concludeMovementQuietly(deps, purchase, movement.id, outcome);
}

export async function askAboutMovement(
  deps: Deps,
  purchase: Purchase,
  movement: Movement,
): Promise<MovementOutcome> {
  if (movement.state === 'prepared') return callPsp(deps, purchase, movement);
  const subject = movementSubject(purchase, movement);
  const account = deps.psps.find(subject.attempt.psp, subject.attempt.pspAccount);
  if (account === null) return { kind: 'unknown', cause: 'the PSP account is not configured any more' };
  return account.psp.askMovement(subject);
}
