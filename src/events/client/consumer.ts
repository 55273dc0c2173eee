import type { ReceivedEvent } from './read-event.ts';

/** What became of an event. `early` ones are kept and applied as soon as what is missing before them has come. */
export type Consumed =
  | { readonly consumed: 'applied'; readonly events: readonly ReceivedEvent[] }
  | { readonly consumed: 'copy' }
  | { readonly consumed: 'early'; readonly gap: Gap };

export type Gap = { readonly subject: string; readonly missing: readonly number[] };

export type Consumer = {
  readonly receive: (event: ReceivedEvent) => Promise<Consumed>;
  /** What is missing now, by subject. */
  readonly gaps: () => readonly Gap[];
};

/**
 * Where a consumer remembers how far each subject is. A durable one moves in the transaction that `apply` writes in; then
 * an event is applied once, whatever crashes.
 */
export type Ledger = {
  /** The last sequence number applied; 0 when there is none. */
  readonly last: (source: string, subject: string) => Promise<number>;
  readonly move: (event: ReceivedEvent) => Promise<void>;
};

/** Applies each event once and each subject in order; says what is missing. */
export function consumer(ledger: Ledger, apply: (event: ReceivedEvent) => Promise<void>): Consumer {
  const early = new Map<string, Map<number, ReceivedEvent>>();
  const last = new Map<string, number>();
  let turn: Promise<unknown> = Promise.resolve();

  const receive = async (event: ReceivedEvent): Promise<Consumed> => {
    const subject = `${event.source} ${event.subject}`;
    const applied = await ledger.last(event.source, event.subject);
    last.set(subject, applied);
    if (event.sequence <= applied) return { consumed: 'copy' };
    const waiting = early.get(subject) ?? new Map<number, ReceivedEvent>();
    if (event.sequence > applied + 1) {
      if (waiting.has(event.sequence)) return { consumed: 'copy' };
      early.set(subject, waiting.set(event.sequence, event));
      return { consumed: 'early', gap: gapOf(event.subject, applied, waiting) };
    }
    const events: ReceivedEvent[] = [];
    for (
      let next: ReceivedEvent | undefined = event;
      next !== undefined;
      next = waiting.get(next.sequence + 1)
    ) {
      await apply(next);
      await ledger.move(next);
      waiting.delete(next.sequence);
      last.set(subject, next.sequence);
      events.push(next);
    }
    if (waiting.size === 0) early.delete(subject);
    return { consumed: 'applied', events };
  };

  return {
    // One at a time: two copies that arrive together must not both find that they are new.
    receive: (event) => {
      const mine = turn.then(() => receive(event));
      turn = mine.catch(() => undefined);
      return mine;
    },
    gaps: () =>
      [...early].map(([subject, waiting]) =>
        gapOf(subject.slice(subject.indexOf(' ') + 1), last.get(subject) ?? 0, waiting),
      ),
  };
}

function gapOf(subject: string, applied: number, waiting: ReadonlyMap<number, unknown>): Gap {
  const highest = Math.max(...waiting.keys());
  const missing: number[] = [];
  for (let sequence = applied + 1; sequence < highest; sequence += 1) {
    if (!waiting.has(sequence)) missing.push(sequence);
  }
  return { subject, missing };
}

/** For tests, and for consumers that read everything again when they start. */
export function memoryLedger(): Ledger {
  const places = new Map<string, number>();
  return {
    last: (source, subject) => Promise.resolve(places.get(`${source} ${subject}`) ?? 0),
    move: ({ source, subject, sequence }) => {
      places.set(`${source} ${subject}`, sequence);
      return Promise.resolve();
    },
  };
}
