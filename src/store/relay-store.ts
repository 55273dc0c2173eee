import type { EventId, MerchantId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { EventCursor, ListedEvent } from '../domain/events/listed-event.ts';

/**
 * How far each sink has been served. A relay works for a sink only while it holds the lease; every write names the
 * holder and does nothing once another relay has taken over.
 */
export type RelayStore = {
  /** Takes or renews the lease of the sink; null while another relay holds it. A new sink begins at the oldest event. */
  readonly claim: (sink: string, holder: string, leaseMs: number) => Promise<RelayPlace | null>;
  readonly release: (sink: string, holder: string) => Promise<void>;
  /** Events of all merchants after the cursor, oldest first; never skips one that commits late. */
  readonly read: (after: EventCursor, limit: number) => Promise<readonly ListedEvent[]>;
  /** Moves the cursor and renews the lease; false when the lease was lost. */
  readonly advance: (sink: string, holder: string, to: EventCursor, leaseMs: number) => Promise<boolean>;
  /** Counts a refusal of the event after the cursor and answers how many there were; null when the lease was lost. */
  readonly countRefusal: (sink: string, holder: string) => Promise<number | null>;
  /** Sets the event aside and moves the cursor past it; false when the lease was lost. */
  readonly setAside: (sink: string, holder: string, listed: ListedEvent, because: string) => Promise<boolean>;
  /** Those of the keys that have events set aside: later ones have to wait behind them. */
  readonly heldKeys: (sink: string, keys: readonly string[]) => Promise<ReadonlySet<string>>;
  /** Set-aside events that somebody wants tried again and that wait behind nothing, oldest first. */
  readonly toReplay: (sink: string, limit: number) => Promise<readonly ListedEvent[]>;
  readonly replayed: (sink: string, listed: ListedEvent) => Promise<void>;
  /** The replay of a key's events stops here, and they wait again. */
  readonly refusedAgain: (sink: string, key: string, because: string) => Promise<void>;
  readonly listSetAside: (limit: number) => Promise<readonly SetAside[]>;
  /** Asks for set-aside events of the sink, or of one key, to be tried again. Answers how many. */
  readonly replay: (sink: string, key: string | null) => Promise<number>;
  /** Gives an event up for good: the sink never gets it. */
  readonly skip: (sink: string, eventId: EventId) => Promise<boolean>;
  /**
   * Forgets a sink that is not used any more, with all that it was still to get: months that it has not had are archived
   * then. False while a relay works for it, or when there is none of this name.
   */
  readonly forget: (sink: string) => Promise<boolean>;
  /** How old the oldest event is that a sink still has to get, and how many are set aside. */
  readonly lags: () => Promise<readonly { sink: string; seconds: number; setAside: number }[]>;
};

export type RelayPlace = {
  readonly cursor: EventCursor;
  /** How often the sink refused the event after the cursor. */
  readonly tries: number;
  readonly hasSetAside: boolean;
};

export type SetAside = {
  readonly sink: string;
  readonly merchantId: MerchantId;
  readonly eventId: EventId;
  readonly key: string;
  readonly because: string;
  readonly at: Instant;
};
