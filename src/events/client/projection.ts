import type { ReceivedEvent } from './read-event.ts';

/**
 * Something that is computed from events alone: entries by name, of which an event changes one at most. What it makes of
 * events of different subjects does not depend on which came first; so a projection rebuilt from all events is, byte for
 * byte, the one that grew with them.
 */
export type Projection<Entry> = {
  readonly empty: Entries<Entry>;
  /** The state after the event; a copy, for states that are small or kept. */
  readonly apply: (state: Entries<Entry>, event: ReceivedEvent) => Entries<Entry>;
  readonly change: Change<Entry>;
};

type Entries<Entry> = Readonly<Record<string, Entry>>;

/** The entry that the event changes and what it is then; null when it changes none. */
type Change<Entry> = (state: Entries<Entry>, event: ReceivedEvent) => readonly [string, Entry] | null;

export function projection<Entry>(change: Change<Entry>): Projection<Entry> {
  const apply: Projection<Entry>['apply'] = (state, event) => {
    const changed = change(state, event);
    return changed === null ? state : { ...state, [changed[0]]: changed[1] };
  };
  return { empty: {}, apply, change };
}

/** A state that grows in place, however many entries it has. */
export function growing<Entry>({ change }: Projection<Entry>) {
  const state: Record<string, Entry> = {};
  const apply = (event: ReceivedEvent): void => {
    const changed = change(state, event);
    if (changed !== null) state[changed[0]] = changed[1];
  };
  return { state: state as Entries<Entry>, apply };
}

export function project<Entry>(of: Projection<Entry>, events: Iterable<ReceivedEvent>): Entries<Entry> {
  const { state, apply } = growing(of);
  for (const event of events) apply(event);
  return state;
}

/** Canonical: keys sorted, so that equal states are equal bytes. */
export function toBytes(state: unknown): Buffer {
  return Buffer.from(
    JSON.stringify(state, (_key, value: unknown) => (isRecord(value) ? sorted(value) : value)),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sorted(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
