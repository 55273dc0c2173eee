import { beginMovement } from '../domain/purchase/begin-movement.ts';
import type { Purchase } from '../domain/purchase/purchase.ts';
import type { Deps } from './deps.ts';
import { moveQuietly } from './move-quietly.ts';

/** Captures what is left of an order whose time has come. Answers false when something else moves its money just now. */
export async function captureDue(deps: Deps, purchase: Purchase): Promise<boolean> {
  const begin: Parameters<typeof moveQuietly>[2] = (id, at) =>
    beginMovement(purchase, { id, kind: 'capture' }, at);
  return (await moveQuietly(deps, purchase, begin)) !== null;
}
