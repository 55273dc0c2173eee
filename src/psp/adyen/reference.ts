import type { Attempt } from '../../domain/payment/attempt.ts';
import type { Movement } from '../../domain/payment/movement.ts';
import { isId, type AttemptId, type MovementId } from '../../kernel/ids.ts';

/**
 * Our ids as Adyen carries them. `merchantReference` is one of the eight signed fields of a webhook, so what a webhook
 * has to be trusted with is put there: that a payment captures at once (`att_…-c`), and the amount that an increment
 * started from in Adyen's minor units (`mov_…-1299`), because Adyen tells the new total only.
 */
export function attemptToReference({ id, request }: Pick<Attempt, 'id' | 'request'>): string {
  return request.capture ? `${id}-c` : id;
}

export function movementToReference(movement: Pick<Movement, 'id'>, from?: number): string {
  return from === undefined ? movement.id : `${movement.id}-${from}`;
}

export type Reference =
  | { readonly names: 'attempt'; readonly attemptId: AttemptId; readonly captures: boolean }
  | { readonly names: 'movement'; readonly movementId: MovementId; readonly from?: number }
  /** Made by somebody else: in Adyen's Customer Area, or by another system of the merchant. */
  | { readonly names: 'nothing' };

export function fromReference(text: string): Reference {
  const [id = '', more] = text.split('-', 2);
  if (isId('att', id) && (more === undefined || more === 'c')) {
    return { names: 'attempt', attemptId: id, captures: more === 'c' };
  }
  if (isId('mov', id) && (more === undefined || /^\d{1,15}$/.test(more))) {
    return { names: 'movement', movementId: id, ...(more !== undefined && { from: Number(more) }) };
  }
  return { names: 'nothing' };
}
