import { toEnvelope } from '../domain/events/envelope.ts';
import { type Message, type Sink, SinkRefused } from '../events/sink.ts';
import type { ListedEvent } from '../domain/events/listed-event.ts';
import type { RelayPlace } from '../store/store.ts';
import type { Deps } from './deps.ts';

export type RelaySettings = {
  /** Which relay this is; unlike every other. */
  readonly holder: string;
  /** How long a relay that died keeps its sink; the sinks settle sooner (`publishTimeoutMs`). */
  readonly leaseMs: number;
  /** After so many refusals of one event it is set aside. */
  readonly triesMax: number;
  /** Milliseconds that never jump, unlike the clock. */
  readonly monotonic: () => number;
};

export type Relay = {
  /** Does one batch; answers how many events went on, 0 when there is nothing to do or another relay works. */
  readonly round: () => Promise<number>;
  /** Lets another relay take over at once. */
  readonly release: () => Promise<void>;
};

/**
 * Brings the outbox to one sink: read a batch, publish it, move the cursor. Dying between the last two repeats the
 * batch, with equal ids.
 *
 * A refused batch is halved until one event is left; that one is tried `triesMax` times and set aside. Later events of
 * its key are set aside behind it, so that the order of a key holds whatever happens; other keys go on.
 */
export function relayEvents(
  { store: { relay }, failpoint }: Pick<Deps, 'failpoint'> & { readonly store: Pick<Deps['store'], 'relay'> },
  sink: Sink,
  { holder, leaseMs, triesMax, monotonic }: RelaySettings,
): Relay {
  let place: RelayPlace | null = null;
  let claimAt = -Infinity;
  let limit = sink.batchMax;

  /** Renews the lease well before it ends; knocks once a second while somebody else has it. */
  const claim = async (): Promise<RelayPlace | null> => {
    const now = monotonic();
    if (now < claimAt) return place;
    place = await relay.claim(sink.name, holder, leaseMs);
    claimAt = now + (place === null ? Math.min(1_000, leaseMs / 3) : leaseMs / 3);
    return place;
  };

  const publish = async (listed: readonly ListedEvent[]): Promise<'taken' | SinkRefused> => {
    try {
      await sink.publish(listed.map(toMessage));
      return 'taken';
    } catch (error) {
      if (error instanceof SinkRefused) return error;
      throw error;
    }
  };

  const lose = (): number => {
    place = null;
    return 0;
  };

  const setAside = async (from: RelayPlace, listed: ListedEvent, because: string): Promise<number> => {
    if (!(await relay.setAside(sink.name, holder, listed, because))) return lose();
    place = { ...from, cursor: listed.cursor, tries: 0, hasSetAside: true };
    return 1;
  };

  /** Tries what was set aside again, each key from its first event on. */
  const replay = async (): Promise<void> => {
    const stuck = new Set<string>();
    for (const listed of await relay.toReplay(sink.name, sink.batchMax)) {
      const key = listed.event.aggregate.id;
      if (stuck.has(key)) continue;
      const published = await publish([listed]);
      if (published === 'taken') await relay.replayed(sink.name, listed);
      else {
        stuck.add(key);
        await relay.refusedAgain(sink.name, key, published.message);
      }
    }
  };

  const round = async (): Promise<number> => {
    const from = await claim();
    if (from === null) return 0;
    if (from.hasSetAside) await replay();
    const listed = await relay.read(from.cursor, limit);
    const held = from.hasSetAside ? await relay.heldKeys(sink.name, keysOf(listed)) : new Set<string>();
    const end = listed.findIndex(({ event }) => held.has(event.aggregate.id));
    const batch = end === -1 ? listed : listed.slice(0, end);
    const [first] = listed;
    const last = batch.at(-1);
    if (first === undefined) return 0;
    if (last === undefined) return setAside(from, first, 'waits behind an earlier event of its key');

    failpoint('relay.read');
    const published = await publish(batch);
    if (published !== 'taken') {
      if (batch.length > 1) {
        limit = Math.ceil(batch.length / 2);
        return batch.length;
      }
      const tries = await relay.countRefusal(sink.name, holder);
      if (tries === null) return lose();
      return tries < triesMax ? 0 : setAside(from, last, published.message);
    }
    failpoint('relay.published');
    if (!(await relay.advance(sink.name, holder, last.cursor, leaseMs))) return lose();
    place = { ...from, cursor: last.cursor, tries: 0 };
    limit = Math.min(limit * 2, sink.batchMax);
    return batch.length;
  };

  return {
    round,
    release: async () => {
      if (place !== null) await relay.release(sink.name, holder);
      place = null;
    },
  };
}

function toMessage({ event }: ListedEvent): Message {
  return { event, body: JSON.stringify(toEnvelope(event)) };
}

function keysOf(listed: readonly ListedEvent[]): string[] {
  return [...new Set(listed.map(({ event }) => event.aggregate.id))];
}
