import type { AssessmentEvent } from '../../domain/risk/decision.ts';
import { evaluate, type Feature } from '../../domain/risk/features/feature.ts';
import { featuresOf } from '../../domain/risk/features/library.ts';
import type { EntityKeys } from '../../domain/risk/entities.ts';
import type { Signals } from '../../domain/risk/signals.ts';
import type { MerchantId } from '../../kernel/ids.ts';
import { dayMs, type Instant } from '../../kernel/instant.ts';
import { amountOf, contextOf, withHistories, type SignalReading } from '../signals/context.ts';
import type { Velocity } from '../velocity/velocity.ts';

/** Something that happened in a shop's past, in the order of time. */
export type PastEvent = {
  readonly event: AssessmentEvent;
  readonly at: Instant;
  readonly signals: Signals;
  /** What it turned out to be; null when that is not on record. */
  readonly fraud: boolean | null;
};

export type Replayed<Past extends PastEvent> = {
  readonly past: Past;
  /** In the order of `featuresOf(past.event)`; what a live assessment at that moment would have read. */
  readonly values: readonly number[];
};

export type ReplaySettings = SignalReading & {
  readonly merchantId: MerchantId;
  readonly velocity: Velocity;
  /** How long after an event its label became known: chargebacks take 30 days. */
  readonly labelDelayMs: number;
};

export const chargebackDelayMs = 30 * dayMs;

/**
 * Lives a shop's past through the code that serves: reads what was known, then lets the event happen.
 *
 * A label is told to the counters once `labelDelayMs` has passed, before the first event at or after that moment.
 */
export async function* replay<Past extends PastEvent>(
  past: AsyncIterable<Past> | Iterable<Past>,
  { merchantId, velocity, labelDelayMs, ...reading }: ReplaySettings,
): AsyncGenerator<Replayed<Past>> {
  const features = new Map<AssessmentEvent, readonly Feature[]>();
  const labels = queue<{ keys: EntityKeys; fraud: boolean; happenedAt: Instant }>();
  for await (const event of past) {
    const { at } = event;
    for (let due = labels.first(); due && due.happenedAt + labelDelayMs <= at; due = labels.first()) {
      await velocity.observe(merchantId, due.keys, { what: 'labelled', ...due });
      labels.shift();
    }
    const context = contextOf(reading, merchantId, event.signals, at);
    const histories = await velocity.read(merchantId, context.keys);
    const declared = features.get(event.event) ?? featuresOf(event.event);
    features.set(event.event, declared);
    yield { past: event, values: evaluate(declared, withHistories(context, histories)) };
    await velocity.observe(merchantId, context.keys, { what: event.event, at, amount: amountOf(context) });
    if (event.fraud !== null) labels.push({ keys: context.keys, fraud: event.fraud, happenedAt: at });
  }
}

/** First in, first out, without moving what is left at every turn. */
function queue<T>(): { first: () => T | undefined; shift: () => void; push: (item: T) => void } {
  let items: T[] = [];
  let head = 0;
  return {
    first: () => items[head],
    shift: () => {
      head += 1;
      if (head < 1024 || head * 2 < items.length) return;
      items = items.slice(head);
      head = 0;
    },
    push: (item) => void items.push(item),
  };
}
