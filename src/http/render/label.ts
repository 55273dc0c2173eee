import type { z } from 'zod';
import { orderIdOf } from '../../domain/purchase/purchase.ts';
import type { Label } from '../../domain/risk/label.ts';
import type { labelShown } from '../codec/label.ts';
import { shownAt } from '../codec/parts.ts';

/** A label as replies show it. */
export function toWireLabel(label: Label): z.input<typeof labelShown> {
  return {
    id: label.id,
    order: orderIdOf(label.checkoutId),
    fraud: label.fraud,
    source: label.source,
    strength: label.strength,
    happened_at: shownAt(label.happenedAt),
    known_at: shownAt(label.knownAt),
  };
}
