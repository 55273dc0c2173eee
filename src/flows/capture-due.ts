import { beginMovement } from '../domain/purchase/begin-movement.ts';
import type { Purchase } from '../domain/purchase/purchase.ts';
import type { Deps } from './deps.ts';
import { moveQuietly } from './move-quietly.ts';

/** Captures what is left of an order whose time has come. */
export async function captureDue(deps: Deps, purchase: Purchase): Promise<void> {
  await moveQuietly(deps, purchase, (id, at) => beginMovement(purchase, { id, kind: 'capture' }, at));
}
