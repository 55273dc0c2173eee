import { type Attempt, isLive } from '../domain/payment/attempt.ts';
import { isMoving } from '../domain/payment/movement.ts';
import type { AttemptOutcome } from '../domain/payment/outcome.ts';
import type { AbandonedRequest } from '../domain/request.ts';
import { unreachable } from '../kernel/unreachable.ts';
import { concludeOrTryAgain } from './authorize-attempt.ts';
import type { Deps } from './deps.ts';
import { concludeMovementWithReply } from './move-money.ts';
import { askAboutAttempt, askAboutMovement } from './settle.ts';

/**
 * Finishes a request whose process died: goes on from what was recorded last, and stores the reply for the client that
 * will ask again with the same key.
 */
export async function resumeRequest(deps: Deps, request: AbandonedRequest): Promise<void> {
  const purchase = await deps.store.purchases.find(request.merchantId, request.checkoutId);
  const sale = purchase?.sale;
  if (purchase === null || sale === undefined) throw new Error(`request ${request.scope} leads to no order`);

  const attempt = sale.attempts.find((each) => each.id === request.subject);
  if (attempt !== undefined) {
    const { assessmentId } = attempt.request;
    const assessment = await deps.store.assessments.find(request.merchantId, assessmentId);
    const outcome = isLive(attempt) ? await askAboutAttempt(deps, purchase, attempt) : outcomeOf(attempt);
    await concludeOrTryAgain(deps, purchase, attempt, outcome, { request, assessment });
    return;
  }
  const movement = sale.movements.find((each) => each.id === request.subject);
  if (movement === undefined) throw new Error(`request ${request.scope} leads to nothing`);
  const outcome = isMoving(movement)
    ? await askAboutMovement(deps, purchase, movement)
    : { kind: 'unknown' as const, cause: 'settled meanwhile' };
  await concludeMovementWithReply(deps, purchase, movement, outcome, request);
}

/** What was said of an attempt that is over: one that brought nothing may be followed by another. */
function outcomeOf(attempt: Attempt): AttemptOutcome {
  switch (attempt.state) {
    case 'failed':
      return { kind: 'not_sent', cause: attempt.cause };
    case 'declined':
      return { kind: 'declined', decline: attempt.decline, card: {} };
    case 'prepared':
    case 'requires_action':
    case 'pending':
    case 'unknown':
    case 'authorized':
    case 'canceled':
    case 'quarantined':
      return { kind: 'unknown', cause: 'settled meanwhile' };
    default:
      return unreachable(attempt);
  }
}
