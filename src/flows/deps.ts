import type { Customer, PaymentMethod } from '../domain/customer/customer.ts';
import type { Event } from '../domain/events/event.ts';
import type { EventField } from '../domain/events/event-fields.ts';
import type { Purchase } from '../domain/purchase/purchase.ts';
import type { Assessment } from '../domain/risk/assessment.ts';
import type { Label } from '../domain/risk/label.ts';
import type { WebhookCalls } from '../events/sink.ts';
import type { MerchantId, NewId } from '../kernel/ids.ts';
import type { Clock } from '../kernel/instant.ts';
import type { PspDirectory } from '../psp/psp.ts';
import type { Desk, Risk } from '../risk/risk.ts';
import type { Reply } from '../domain/request.ts';
import type { Store } from '../store/store.ts';

/** What the flows work with; src/main.ts puts it together. */
export type Deps = {
  readonly store: Store;
  readonly risk: Risk;
  readonly desk: Desk;
  readonly psps: PspDirectory;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly render: Render;
  /** Where a test may kill the process; does nothing otherwise. */
  readonly failpoint: (name: Failpoint) => void;
  /** How long the process that opened a request is trusted to finish it. Longer than every deadline inside it. */
  readonly leaseMs: number;
  /** Where PSPs send the buyer's browser back to. */
  readonly publicUrl: string;
  /** What a merchant lets into the events of its orders. */
  readonly fieldsOf: (merchantId: MerchantId) => readonly EventField[];
  /** How merchants' endpoints are called. */
  readonly calls: WebhookCalls;
  /** In which trace this is done; none where it is nothing that anybody follows. */
  readonly trace?: Trace;
};

/** A W3C trace context: of a merchant's request, or of what comes after it, a worker's on one row or a browser's return. */
export type Trace = { readonly of: 'request' | 'work'; readonly traceparent: string };

/** Writes replies as they go over the wire; the bytes are stored with the request. */
export type Render = {
  readonly checkout: (view: CheckoutView) => Reply;
  readonly order: (view: CheckoutView) => Reply;
  readonly assessment: (assessment: Assessment, challenge: object | null) => Reply;
  readonly label: (label: Label) => Reply;
  readonly customer: (customer: Customer) => Reply;
  readonly method: (method: PaymentMethod) => Reply;
};

export type CheckoutView = {
  readonly purchase: Purchase;
  /** The latest risk decision, when there is one. */
  readonly assessment: Assessment | null;
  /** What this request emitted. */
  readonly events: readonly Event[];
  /** Shown once, to whoever created the checkout. */
  readonly clientSecret?: string;
};

export const failpoints = [
  'confirm.assessed',
  'confirm.recorded',
  'authorize.answered',
  'authorize.given_up',
  'authorize.moved_on',
  'confirm.concluded',
  'movement.recorded',
  'movement.answered',
  'movement.concluded',
  'delivery.stored',
  'settle.claimed',
  'relay.read',
  'relay.published',
] as const;

export type Failpoint = (typeof failpoints)[number];
