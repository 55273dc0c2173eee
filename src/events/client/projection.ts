import type { ReceivedEvent } from './read-event.ts';

/**
 * Something that is computed from events alone. `apply` is pure, and what it makes of events of different subjects does
 * not depend on which came first; so a projection rebuilt from all events is, byte for byte, the one that grew with them.
 */
export type Projection<State> = {
  readonly empty: State;
  readonly apply: (state: State, event: ReceivedEvent) => State;
};

export function project<State>({ empty, apply }: Projection<State>, events: Iterable<ReceivedEvent>): State {
  let state = empty;
  for (const event of events) state = apply(state, event);
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
