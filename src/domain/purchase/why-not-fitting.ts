import { unreachable } from '../../kernel/unreachable.ts';
import type { Movement } from '../payment/movement.ts';
import type { Sale } from './purchase.ts';

/**
 * A success that we had given up for failed may come after something else took its place: another capture, a void. Why
 * it does not fit any more; null when it does.
 */
export function whyNotFitting(
  { order, payment }: Sale,
  { kind, stray, amount: { amount } }: Movement,
): string | null {
  if (stray) return null;
  switch (kind) {
    case 'capture':
      if (order.state === 'canceled') return 'captured after the order was canceled';
      return payment.captured + amount > payment.authorized ? 'captured beyond the authorisation' : null;
    case 'void':
      return payment.captured > 0n ? 'voided after a capture' : null;
    case 'refund':
      return payment.refunded + amount > payment.captured ? 'refunded beyond the capture' : null;
    case 'increment':
      return order.state === 'authorized' || order.state === 'held'
        ? null
        : 'raised after the order was closed';
    default:
      return unreachable(kind);
  }
}
