import { assessmentEvents, type AssessmentEvent } from '../../domain/risk/decision.ts';
import { evaluate } from '../../domain/risk/features/feature.ts';
import { featuresOf } from '../../domain/risk/features/library.ts';
import type { Labelled } from '../../domain/risk/observed.ts';
import type { Signals } from '../../domain/risk/signals.ts';
import type { MerchantId } from '../../kernel/ids.ts';
import { dayMs, type Instant } from '../../kernel/instant.ts';
import { amountOf, contextOf, withHistories, type SignalReading } from '../signals/context.ts';
import type { Entity, MemoryVelocity } from '../velocity/memory.ts';

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
  readonly velocity: Pick<MemoryVelocity, 'meet' | 'happen' | 'label'>;
  /** How long after an event its label became known: chargebacks take 30 days. */
  readonly labelDelayMs: number;
  /** How long after an event without a complaint it counts as good; as long as the label's delay when absent. */
  readonly goodDelayMs?: number;
};

export const chargebackDelayMs = 30 * dayMs;

/**
 * Lives a shop's past through the code that serves, one event a call: reads what was known, then lets the event happen.
 * Answers the values in the order of `featuresOf(event)`, as a live assessment at that moment would have read them.
 *
 * A label is told to the counters once its delay has passed, before the first event at or after that moment.
 */
export function createReplay({
  merchantId,
  velocity,
  labelDelayMs,
  goodDelayMs = labelDelayMs,
  ...reading
}: ReplaySettings): (event: PastEvent) => number[] {
  const features = new Map(assessmentEvents.map((event) => [event, featuresOf(event)]));
  const frauds = queue<Labelled & { readonly entities: readonly Entity[] }>();
  const goods: typeof frauds = queue();
  const tell = (labels: typeof frauds, until: Instant): void => {
    for (let due = labels.first(); due && due.happenedAt <= until; due = labels.first()) {
      velocity.label(due.entities, due);
      labels.shift();
    }
  };
  return ({ event, at, signals, fraud }) => {
    tell(frauds, at - labelDelayMs);
    tell(goods, at - goodDelayMs);
    const context = contextOf(reading, merchantId, signals, at);
    const { histories, entities } = velocity.meet(context.keys);
    const values = evaluate(features.get(event) ?? [], withHistories(context, histories));
    velocity.happen(entities, { what: event, at, amount: amountOf(context), keys: context.keys });
    if (fraud !== null) (fraud ? frauds : goods).push({ what: 'labelled', fraud, happenedAt: at, entities });
    return values;
  };
}

/** The same for those who can wait for each event. */
export async function* replay<Past extends PastEvent>(
  past: AsyncIterable<Past> | Iterable<Past>,
  settings: ReplaySettings,
): AsyncGenerator<Replayed<Past>> {
  const valuesOf = createReplay(settings);
  for await (const event of past) yield { past: event, values: valuesOf(event) };
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
