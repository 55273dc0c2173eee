import type { EventField } from '../domain/events/event-fields.ts';
import type { Customer, PaymentMethod, RemovedMethod } from '../domain/customer/customer.ts';
import type { Event } from '../domain/events/event.ts';
import type { ArchivedMonth } from '../domain/events/archived-month.ts';
import type { EventCursor, ListedEvent } from '../domain/events/listed-event.ts';
import type { Merchant, ApiKey, ListedApiKey, NewApiKey } from '../domain/merchant.ts';
import type {
  RequestName,
  NewRequest,
  Reply,
  StoredRequest,
  RepliedRequest,
  AbandonedRequest,
} from '../domain/request.ts';
import type { ChargeFacts } from '../domain/payment/compare-charges.ts';
import type { Dispute } from '../domain/payment/dispute.ts';
import type { Posting } from '../domain/payment/posting.ts';
import type { AttemptRef, MovementRef, PspAccountRef, Witness } from '../domain/payment/witness.ts';
import type { Purchase } from '../domain/purchase/purchase.ts';
import type { JournalEntry } from '../domain/purchase/step.ts';
import type { Assessment } from '../domain/risk/assessment.ts';
import type { AssessmentEvent } from '../domain/risk/decision.ts';
import type { TracedKind } from '../domain/risk/entities.ts';
import type { Label, QuietSince } from '../domain/risk/label.ts';
import type { Comparison } from '../domain/risk/policy/shadow-policy.ts';
import type {
  AssessmentId,
  AttemptId,
  CheckoutId,
  CustomerId,
  MerchantId,
  MovementId,
  PaymentMethodId,
} from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';

import type { EntryStore } from './entry-store.ts';
import type { ObservationStore } from './observation-store.ts';
import type { PolicyStore } from './policy-store.ts';
import type { RelayStore } from './relay-store.ts';
import type { WebhookStore } from './webhook-store.ts';

export type { EntryStore } from './entry-store.ts';
export type { ObservationStore } from './observation-store.ts';
export type { PolicyStore } from './policy-store.ts';
export type { RelayPlace, RelayStore } from './relay-store.ts';
export type { DueWebhook, WebhookStore } from './webhook-store.ts';

/**
 * What the flows ask of the database. Every method is one statement, so one transaction; none keeps anything open
 * between calls. Faults of the database are thrown as `StoreFault`; nothing here decides.
 */
export type Store = {
  readonly merchants: {
    readonly findApiKey: (hash: Uint8Array) => Promise<ApiKey | null>;
    readonly create: (merchant: Merchant) => Promise<void>;
    readonly list: () => Promise<readonly Merchant[]>;
    /** What those merchants let into the events of their orders that let in anything. */
    readonly eventFields: () => Promise<ReadonlyMap<MerchantId, readonly EventField[]>>;
    /** Answers whether there is such a merchant. Processes know within seconds. */
    readonly setEventFields: (id: MerchantId, fields: readonly EventField[]) => Promise<boolean>;
    readonly addApiKey: (key: NewApiKey) => Promise<void>;
    readonly findApiKeyById: (id: ApiKey['id']) => Promise<ListedApiKey | null>;
    readonly listApiKeys: (merchantId: MerchantId) => Promise<readonly ListedApiKey[]>;
    /** Says whose signature refunds with the key need; answers whether there is such a key. */
    readonly setSignatureKey: (id: ApiKey['id'], signatureKey: Uint8Array | null) => Promise<boolean>;
    /** From then on the key is nobody's. Processes that have just seen it believe it a few seconds longer. */
    readonly expireApiKey: (id: ApiKey['id'], at: Instant) => Promise<void>;
  };
  readonly purchases: {
    readonly find: (merchantId: MerchantId, checkoutId: CheckoutId) => Promise<Purchase | null>;
    /** The purchase together with the request that a key names, in one trip. */
    readonly findForRequest: (
      request: RequestName,
      checkoutId: CheckoutId,
    ) => Promise<{ readonly purchase: Purchase | null; readonly request: StoredRequest | null }>;
    readonly findByReference: (
      account: PspAccountRef,
      ref: AttemptRef | MovementRef,
    ) => Promise<Purchase | null>;
    /** Writes everything or nothing. */
    readonly save: (change: Change) => Promise<Saved>;
    readonly journal: (merchantId: MerchantId, checkoutId: CheckoutId) => Promise<readonly JournalEntry[]>;
    readonly listQuarantined: (merchantId: MerchantId, limit: number) => Promise<readonly Purchase[]>;
    readonly listHeld: (merchantId: MerchantId, limit: number) => Promise<readonly Purchase[]>;
  };
  readonly requests: {
    readonly find: (request: RequestName) => Promise<StoredRequest | null>;
    /** Takes over requests whose lease ran out, oldest first, and leases them anew until `leaseUntil`. */
    readonly claimAbandoned: (
      now: Instant,
      leaseUntil: Instant,
      limit: number,
    ) => Promise<readonly AbandonedRequest[]>;
    readonly deleteRepliedBefore: (instant: Instant) => Promise<number>;
  };
  readonly assessments: {
    readonly find: (merchantId: MerchantId, id: AssessmentId) => Promise<Assessment | null>;
    /** Of whichever merchant: for operators, not for the API. */
    readonly findAnywhere: (id: AssessmentId) => Promise<Assessment | null>;
    /** Those of one event before this one, the newest first, with what is known of them now. */
    readonly recorded: (
      merchantId: MerchantId,
      event: AssessmentEvent,
      before: Pick<Assessment, 'at' | 'id'> | null,
      limit: number,
    ) => Promise<readonly (Assessment & { readonly fraud: boolean | null })[]>;
    /** Those that saw this entity, the newest first, with what is known of them now; older than `after` when it is given. */
    readonly ofEntity: (
      merchantId: MerchantId,
      entity: { readonly kind: TracedKind; readonly key: string },
      after: AssessmentId | null,
      limit: number,
    ) => Promise<
      readonly (Assessment & { readonly checkoutId: CheckoutId | null; readonly fraud: boolean | null })[]
    >;
    /** What challengers said beside what was decided, over the newest `limit` assessments since then. */
    readonly comparisons: (
      merchantId: MerchantId,
      since: Instant,
      limit: number,
    ) => Promise<readonly Comparison[]>;
    readonly save: (
      assessment: Assessment,
      event: Event,
      request: RepliedRequest,
    ) => Promise<'saved' | 'request_taken'>;
  };
  readonly settling: {
    /** Attempts and movements that a PSP may still say something about and that are due; pushed back by `backoff`. */
    readonly claimDue: (now: Instant, limit: number) => Promise<readonly Unsettled[]>;
    readonly findExpired: (now: Instant, limit: number) => Promise<readonly Purchase[]>;
    /** Reserved money that is due to be captured, and was not tried within the hour. */
    readonly findToCapture: (now: Instant, limit: number) => Promise<readonly Purchase[]>;
    /** Reserved money that its PSP lets go by now. */
    readonly findLapsed: (now: Instant, limit: number) => Promise<readonly Purchase[]>;
    /** What we know of the charges of an account that were begun in this span of time; of those in quarantine, what the PSP said. */
    readonly charges: (
      merchantId: MerchantId,
      account: PspAccountRef,
      span: { readonly since: Instant; readonly until: Instant },
    ) => Promise<readonly ChargeFacts[]>;
    /** Claims a day's comparison; false when somebody else has done it. */
    /** Whether this process compares that day: nobody has ended it, nor begun it in the last half hour. */
    readonly claimReconciliation: (account: PspAccountRef, day: string, now: Instant) => Promise<boolean>;
    readonly endReconciliation: (account: PspAccountRef, day: string, now: Instant) => Promise<void>;
    /** Claims what of this purchase a PSP may still settle, unless it was asked about a moment ago. */
    readonly claimOf: (
      merchantId: MerchantId,
      checkoutId: CheckoutId,
      now: Instant,
    ) => Promise<readonly Unsettled[]>;
  };
  readonly deliveries: {
    /** Stores what is new; a message that is already there stays as it is. Answers how many were new. */
    readonly receive: (deliveries: readonly NewDelivery[]) => Promise<number>;
    readonly claimDue: (now: Instant, limit: number) => Promise<readonly Delivery[]>;
    readonly close: (delivery: DeliveryName, state: 'processed' | 'set_aside', note: string) => Promise<void>;
    /** Newest first; of one state, or of all where none is named. */
    readonly list: (
      merchantId: MerchantId,
      state: Delivery['state'] | null,
      limit: number,
    ) => Promise<readonly Delivery[]>;
    /** What was set aside is due again, with all its tries; null when nothing of this name was. */
    readonly retry: (merchantId: MerchantId, name: DeliveryName, now: Instant) => Promise<Delivery | null>;
  };
  readonly customers: {
    readonly create: (
      customer: Customer,
      request: RepliedRequest,
    ) => Promise<'saved' | 'request_taken' | 'reference_taken'>;
    readonly find: (merchantId: MerchantId, id: CustomerId) => Promise<Customer | null>;
    readonly methods: (merchantId: MerchantId, id: CustomerId) => Promise<readonly PaymentMethod[]>;
    readonly findMethod: (merchantId: MerchantId, id: PaymentMethodId) => Promise<PaymentMethod | null>;
    readonly addMethod: (
      method: PaymentMethod,
      request: RepliedRequest,
    ) => Promise<'saved' | 'request_taken'>;
    /** False when somebody else changed its state first. */
    readonly changeMethod: (before: PaymentMethod, after: PaymentMethod) => Promise<boolean>;
    /** Removed methods that their PSP has to be told of; each is due again in an hour. */
    readonly claimToDetach: (now: Instant, limit: number) => Promise<readonly RemovedMethod[]>;
  };
  readonly disputes: {
    readonly ofPurchase: (merchantId: MerchantId, checkoutId: CheckoutId) => Promise<readonly Dispute[]>;
    /** The last that changed first. */
    readonly list: (merchantId: MerchantId, limit: number) => Promise<readonly ListedDispute[]>;
  };
  readonly labels: {
    readonly ofPurchase: (merchantId: MerchantId, checkoutId: CheckoutId) => Promise<readonly Label[]>;
    /** In the order in which they became known. */
    readonly list: (merchantId: MerchantId, since: Instant, limit: number) => Promise<readonly Label[]>;
    /**
     * Captured purchases that last changed by `until` and of which nobody has said anything: no label, no dispute, not all
     * of the money given back. The longest quiet first, after the one that `after` names.
     */
    readonly findQuiet: (
      until: Instant,
      after: QuietSince | null,
      limit: number,
    ) => Promise<readonly Purchase[]>;
  };
  readonly entries: EntryStore;
  readonly observations: ObservationStore;
  readonly policies: PolicyStore;
  readonly events: {
    /** Events after the cursor, oldest first; never skips one that commits late. */
    readonly list: (
      merchantId: MerchantId,
      after: EventCursor | null,
      limit: number,
    ) => Promise<readonly ListedEvent[]>;
    /** The trace context of the last request about what the events are about; null when none is known. */
    readonly lastRequest: (merchantId: MerchantId, aggregateId: string) => Promise<string | null>;
    /** Makes the partitions of this month and the two that follow. */
    readonly planMonths: (now: Instant) => Promise<void>;
    /**
     * The oldest month that ended `liveMonths` ago or earlier, by the database's clock, and that no sink, endpoint or replay
     * still needs; `archived` when the file that is recorded holds all of it.
     */
    readonly archivable: (
      liveMonths: number,
    ) => Promise<{ readonly partition: string; readonly archived: boolean } | null>;
    readonly ofPartition: (
      partition: string,
      after: EventCursor,
      limit: number,
    ) => Promise<readonly ListedEvent[]>;
    /** What was archived, oldest first. */
    readonly archives: () => Promise<readonly ArchivedMonth[]>;
    readonly recordArchive: (partition: string, month: ArchivedMonth, at: Instant) => Promise<void>;
    /** Drops a month whose recorded archive holds all of it; throws when it does not. */
    readonly letGo: (partition: string) => Promise<void>;
    /** Says what is not part of a purchase or an assessment. */
    readonly append: (events: readonly Event[]) => Promise<void>;
  };
  /** What waits in the whole installation, and for how long. */
  readonly backlog: (now: Instant) => Promise<readonly Backlog[]>;
  readonly relay: RelayStore;
  readonly webhooks: WebhookStore;
  /** Answers when the database does; for readiness. */
  readonly ping: () => Promise<void>;
};

/** What a phase writes. `before` is the version it was decided on: null for a new checkout. */
export type Change = {
  readonly before: Purchase | null;
  readonly after: Purchase;
  readonly at: Instant;
  readonly journal: readonly JournalEntry[];
  readonly events: readonly Event[];
  readonly postings: readonly Posting[];
  readonly labels: readonly Label[];
  /** A dispute of this purchase, new or with news. */
  readonly dispute?: { readonly dispute: Dispute; readonly isNew: boolean };
  readonly assessment?: Assessment;
  /**
   * `open` makes the key row and leases it, `moved` leases it anew for another subject, `reply` ends the request;
   * `replied` is all in one, when nothing has to be called.
   */
  readonly request?:
    | { readonly open: NewRequest; readonly subject: AttemptId | MovementId; readonly leaseUntil: Instant }
    | { readonly moved: RequestName; readonly subject: AttemptId | MovementId; readonly leaseUntil: Instant }
    | { readonly reply: Reply; readonly name: RequestName }
    | { readonly replied: RepliedRequest };
  /** The webhook that said it, marked as processed with what it changed. */
  readonly delivery?: DeliveryName;
  /** When the settle worker should look at what is still live after this change. */
  readonly askAt: Instant;
};

/** `outrun`: somebody else changed the purchase first. `request_taken`: the key is already in use. */
export type Saved = 'saved' | 'outrun' | 'request_taken';

export type Unsettled = {
  readonly merchantId: MerchantId;
  readonly checkoutId: CheckoutId;
  readonly subject:
    | { readonly kind: 'attempt'; readonly id: AttemptId }
    | { readonly kind: 'movement'; readonly id: MovementId };
  /** How often it has been asked about before. */
  readonly asked: number;
};

export type ListedDispute = Dispute & { readonly checkoutId: CheckoutId };

export type DeliveryName = PspAccountRef & { readonly messageId: string };

export type NewDelivery = PspAccountRef & {
  readonly merchantId: MerchantId;
  readonly witness: Witness;
  readonly receivedAt: Instant;
};

export type Delivery = NewDelivery & {
  readonly state: 'received' | 'processed' | 'set_aside';
  readonly tries: number;
  readonly note: string | null;
};

/**
 * Outcomes nobody heard, stored webhooks, those that were set aside, abandoned requests, orders held for a review, payments a
 * person has to look at.
 */
export type Waiting =
  | 'unknown_attempts'
  | 'unknown_movements'
  | 'deliveries'
  | 'set_aside'
  | 'requests'
  | 'reviews'
  | 'quarantined';

export type Backlog = { readonly of: Waiting; readonly count: number; readonly oldestMs: number };
