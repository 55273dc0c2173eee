import type { ArchivedMonth } from '../domain/events/archived-month.ts';
import type { Event } from '../domain/events/event.ts';
import type { EventId, WebhookEndpointId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';

/** One event and the bytes that leave: its CloudEvents envelope. */
export type Message = { readonly event: Event; readonly body: string };

/**
 * Where events go. A sink promises:
 *
 * - `publish` resolves when every message is stored where it cannot be lost by one crash;
 * - messages of one key (the aggregate's id) are stored in the order given, also when a publish fails half way and the
 *   whole batch comes again: a repeated message has the same id, and no message overtakes an earlier one of its key;
 * - it settles within `publishTimeoutMs`, whatever the other side does.
 *
 * It throws `SinkRefused` when the other side is there and will not have a message, and anything else when it is not
 * there. It need not say which message: the relay finds out.
 */
export type Sink = {
  /** Names the cursor: two sinks of one kind need two names. */
  readonly name: string;
  readonly batchMax: number;
  readonly publish: (batch: readonly Message[]) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Less than a relay's lease, so that whoever takes over finds no publish of the old holder still under way. */
export const publishTimeoutMs = 10_000;

/** The other side is there and will not have this: too large, malformed, forbidden. */
export class SinkRefused extends Error {
  override readonly name = 'SinkRefused';
}

/** How merchants' endpoints are called. */
export type WebhookCalls = {
  /** The secret of this number of an endpoint, as its owner is given it. */
  readonly secretOf: (endpoint: WebhookEndpointId, number: number) => string;
  /** Why a URL cannot be an endpoint; null when it can. */
  readonly whyNotCallable: (url: string) => string | null;
  /** One signed POST. Never throws; redirects are not followed. */
  readonly post: (call: WebhookCall) => Promise<WebhookAnswer>;
};

export type WebhookCall = {
  readonly url: string;
  readonly id: EventId;
  readonly at: Instant;
  readonly body: string;
  readonly traceparent?: string;
  /** The new one first. */
  readonly secrets: readonly string[];
};

export type WebhookAnswer =
  | { readonly status: number; readonly retryAfterMs: number }
  /** No whole answer: refused address, no connection, too slow. */
  | { readonly status: null; readonly because: string };

/** Where months of events go when they leave the database. */
export type Archive = {
  /**
   * Writes envelopes, page by page, durably and whole, or throws and leaves nothing. `after` is the hash that the month
   * before ended with; null for the first.
   */
  readonly write: (
    month: string,
    after: string | null,
    bodies: AsyncIterable<readonly string[]>,
  ) => Promise<ArchivedMonth>;
};
