import type { ReceivedEvent } from './read-event.ts';

/**
 * What became of an event. `early` ones are kept and applied as soon as what is missing before them has come. `full`: it is
 * early and was not kept, as there is no room: leave it unacknowledged, so that it comes again, and `skip` gaps for good.
 */
export type Consumed =
  | { readonly consumed: 'applied'; readonly events: readonly ReceivedEvent[] }
  | { readonly consumed: 'copy' }
  | { readonly consumed: 'early' | 'full'; readonly gap: Gap };

export type Gap = { readonly source: string; readonly subject: string; readonly missing: readonly number[] };

export type Consumer = {
  readonly receive: (event: ReceivedEvent) => Promise<Consumed>;
  /** What is missing now, by subject. */
  readonly gaps: () => readonly Gap[];
  /**
   * Goes on without what the gap names, for a caller who knows that it never comes: applies what waits behind it and answers
   * that. What of the gap has come meanwhile is applied too; what comes later counts as a copy.
   */
  readonly skip: (gap: Gap) => Promise<readonly ReceivedEvent[]>;
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

type Waiting = { readonly applied: number; readonly events: Map<number, ReceivedEvent> };

/** Some ten megabytes, and far more than sinks bring out of order. */
const earlyMaxDefault = 10_000;

/** Applies each event once and each subject in order; says what is missing. Keeps `earlyMax` early events of all subjects. */
export function consumer(
  ledger: Ledger,
  apply: (event: ReceivedEvent) => Promise<void>,
  { earlyMax = earlyMaxDefault }: { readonly earlyMax?: number } = {},
): Consumer {
  const early = new Map<string, Waiting>();
  let turn: Promise<unknown> = Promise.resolve();

  /** One at a time: two copies that arrive together must not both find that they are new. */
  const inTurn = <Done>(work: () => Promise<Done>): Promise<Done> => {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  };

  /** Applies what comes next, over those that are given up. */
  const goOn = async (key: string, { applied, events }: Waiting, givenUp: ReadonlySet<number>) => {
    const done: ReceivedEvent[] = [];
    for (let sequence = applied + 1; events.has(sequence) || givenUp.has(sequence); sequence += 1) {
      const next = events.get(sequence);
      if (next === undefined) continue;
      await apply(next);
      await ledger.move(next);
      events.delete(sequence);
      done.push(next);
      if (events.size === 0) early.delete(key);
      else early.set(key, { applied: sequence, events });
    }
    return done;
  };

  const receive = async (event: ReceivedEvent): Promise<Consumed> => {
    const { source, subject, sequence } = event;
    const key = `${source} ${subject}`;
    const applied = await ledger.last(source, subject);
    if (sequence <= applied) return { consumed: 'copy' };
    const events = new Map(early.get(key)?.events);
    if (sequence > applied + 1 && events.has(sequence)) return { consumed: 'copy' };
    const waiting = { applied, events: events.set(sequence, event) };
    if (sequence === applied + 1) return { consumed: 'applied', events: await goOn(key, waiting, new Set()) };
    const gap = gapOf(key, waiting);
    const kept = [...early.values()].reduce((sum, each) => sum + each.events.size, 0);
    if (kept >= earlyMax) return { consumed: 'full', gap };
    early.set(key, waiting);
    return { consumed: 'early', gap };
  };

  return {
    receive: (event) => inTurn(() => receive(event)),
    gaps: () => [...early].map(([key, waiting]) => gapOf(key, waiting)),
    skip: ({ source, subject, missing }) =>
      inTurn(async () => {
        const key = `${source} ${subject}`;
        const waiting = early.get(key);
        return waiting === undefined ? [] : goOn(key, waiting, new Set(missing));
      }),
  };
}

function gapOf(key: string, { applied, events }: Waiting): Gap {
  const highest = Math.max(...events.keys());
  const missing: number[] = [];
  for (let sequence = applied + 1; sequence < highest; sequence += 1) {
    if (!events.has(sequence)) missing.push(sequence);
  }
  const end = key.indexOf(' ');
  return { source: key.slice(0, end), subject: key.slice(end + 1), missing };
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
