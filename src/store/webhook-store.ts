import type { Event } from '../domain/events/event.ts';
import type { DisabledBecause, WebhookEndpoint } from '../domain/events/webhook-endpoint.ts';
import type { EventId, MerchantId, WebhookEndpointId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';

/** Merchants' endpoints, and one delivery for each event and endpoint that wants it. */
export type WebhookStore = {
  readonly create: (endpoint: WebhookEndpoint) => Promise<void>;
  readonly find: (merchantId: MerchantId, id: WebhookEndpointId) => Promise<WebhookEndpoint | null>;
  readonly list: (merchantId: MerchantId) => Promise<readonly WebhookEndpoint[]>;
  /** Changes what is given and nothing else; answers whether there is such an endpoint. */
  readonly change: (
    merchantId: MerchantId,
    id: WebhookEndpointId,
    change: Partial<Pick<WebhookEndpoint, 'url' | 'types' | 'description'>>,
  ) => Promise<boolean>;
  /** Lets the next secret sign, and the one before it as well until then; null when there is no such endpoint. */
  readonly rotate: (
    merchantId: MerchantId,
    id: WebhookEndpointId,
    oldSecretUntil: Instant,
  ) => Promise<WebhookEndpoint | null>;
  readonly enable: (merchantId: MerchantId, id: WebhookEndpointId) => Promise<boolean>;
  /** Stops deliveries and says so with an event, once; false when it was disabled before. */
  readonly disable: (
    endpoint: Pick<WebhookEndpoint, 'merchantId' | 'id'>,
    because: DisabledBecause,
    event: { readonly id: EventId; readonly at: Instant; readonly traceparent?: string | undefined },
  ) => Promise<boolean>;
  readonly remove: (merchantId: MerchantId, id: WebhookEndpointId) => Promise<boolean>;
  /**
   * Makes the deliveries of these events, in their order; those that exist already stay as they are. What has to wait for
   * nothing is claimed as it is made.
   */
  readonly enqueue: (events: readonly Event[], room: WebhookRoom) => Promise<readonly DueWebhook[]>;
  /** Claims deliveries that are due. */
  readonly claimDue: (room: WebhookRoom) => Promise<readonly DueWebhook[]>;
  /** Keeps the attempt and moves the delivery on; nothing happens to a delivery that somebody else claimed since. */
  readonly conclude: (
    due: DueWebhook,
    attempt: WebhookAttempt,
    next: { readonly state: 'delivered' | 'given_up' } | { readonly state: 'open'; readonly waitMs: number },
  ) => Promise<void>;
  /** The newest deliveries first. */
  readonly deliveries: (
    merchantId: MerchantId,
    id: WebhookEndpointId,
    limit: number,
  ) => Promise<readonly WebhookDelivery[]>;
  /** Makes deliveries due again or at all, delivered ones too; not those of archived events. Answers how many. */
  readonly replay: (merchantId: MerchantId, id: WebhookEndpointId, which: ReplayWhich) => Promise<number>;
  /**
   * Forgets deliveries of events from before that ended, or that wait at a disabled endpoint: nobody may come back for
   * them, and until they are forgotten their month cannot be archived. Answers how many.
   */
  readonly forgetBefore: (instant: Instant) => Promise<number>;
};

/** How much a worker can take. A claim that is not concluded within `leaseMs` is due again. */
export type WebhookRoom = {
  /** Calls under way to one endpoint at most, with those that are under way already. */
  readonly perEndpoint: number;
  readonly inFlight: ReadonlyMap<WebhookEndpointId, number>;
  readonly leaseMs: number;
};

/** One event, whatever types the endpoint asked for; or everything of a span of time, `missed` only if it was given up or never sent. */
export type ReplayWhich =
  | { readonly eventId: EventId }
  | { readonly from: Instant; readonly to: Instant; readonly only: 'missed' | 'all' };

export type DueWebhook = {
  readonly endpoint: WebhookEndpoint;
  readonly event: Event;
  /** This try included. */
  readonly tries: number;
  /** Whether the endpoint has failed since the first try of this delivery or before, without one success. */
  readonly failingThroughout: boolean;
};

export type WebhookAttempt = {
  readonly at: Instant;
  readonly durationMs: number;
  /** Null when no whole answer was heard. */
  readonly status: number | null;
  /** `delivered`, or why not. */
  readonly outcome: string;
};

export type WebhookDelivery = {
  readonly eventId: EventId;
  readonly eventAt: Instant;
  readonly state: 'open' | 'delivered' | 'given_up';
  readonly tries: number;
  readonly tryAt: Instant | null;
  readonly attempts: readonly WebhookAttempt[];
};
