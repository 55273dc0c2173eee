import type { Purchase } from '../domain/purchase/purchase.ts';
import type { Step } from '../domain/purchase/step.ts';
import { type Refusal, isRefusal } from '../domain/refusal.ts';
import type { MovementOutcome } from '../domain/payment/outcome.ts';
import type { MovementId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import { commit } from './commit.ts';
import type { Deps } from './deps.ts';
import { callPsp, concludeMovementQuietly } from './move-money.ts';

/**
 * A movement that nobody asked for just now: recorded, called, concluded as any other. Null when it may not be made, or
 * when somebody else moved the money first.
 */
export async function moveQuietly(
  deps: Deps,
  purchase: Purchase,
  begin: (id: MovementId, at: Instant) => Step | Refusal,
): Promise<MovementOutcome | null> {
  const at = deps.clock();
  const id = deps.newId('mov');
  const begun = begin(id, at);
  if (isRefusal(begun)) return null;
  const movement = begun.purchase.sale?.movements.find((each) => each.id === id);
  if (movement === undefined) throw new Error('a movement that has begun is in its purchase');
  const recorded = await commit(deps, purchase, begun, at);
  if (recorded.saved !== 'saved') return null;
  deps.failpoint('movement.recorded');
  const outcome = await callPsp(deps, recorded.purchase, movement);
  deps.failpoint('movement.answered');
  await concludeMovementQuietly(deps, recorded.purchase, id, outcome);
  return outcome;
}
