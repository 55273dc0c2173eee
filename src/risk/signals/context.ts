import type { Context } from '../../domain/risk/features/feature.ts';
import type { Histories } from '../../domain/risk/entities.ts';
import type { Signals } from '../../domain/risk/signals.ts';
import type { MerchantId } from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import { factsOf } from './facts.ts';
import type { KeysOf } from './keys.ts';
import type { Reference } from './reference.ts';

/** What turns signals into what features read; the same for a live assessment and for a replay. */
export type SignalReading = { readonly keysOf: KeysOf; readonly reference: Reference };

/** A context without histories: every feature that needs the past is unknown until `withHistories`. */
export function contextOf(
  { keysOf, reference }: SignalReading,
  merchantId: MerchantId,
  signals: Signals,
  at: Instant,
): Context {
  return { at, facts: factsOf(signals, at, reference), keys: keysOf(merchantId, signals), histories: {} };
}

export function withHistories(context: Context, histories: Histories): Context {
  return { ...context, histories };
}

/** The amount that velocity remembers of an event; NaN where there is no money. */
export function amountOf(context: Context): number {
  return context.facts['order.value'] ?? NaN;
}
