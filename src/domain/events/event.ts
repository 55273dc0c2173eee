import type {
  CheckoutId,
  DisputeId,
  EventId,
  MerchantId,
  MovementId,
  OrderId,
  AssessmentId,
  AttemptId,
  WebhookEndpointId,
  AttackId,
} from '../../kernel/ids.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { Money } from '../../kernel/money.ts';
import type { Checkout } from '../checkout/checkout.ts';
import type { Advice, DeclineCode } from '../payment/decline.ts';
import type { RefundReason } from '../payment/movement.ts';
import type { Resolution } from '../payment/payment.ts';
import type { AssessmentEvent, Decision } from '../risk/decision.ts';

/** What the outbox says. Holds references and pseudonyms; raw personal data only where the merchant lets it in. */
export type Event = {
  readonly id: EventId;
  readonly merchantId: MerchantId;
  readonly at: Instant;
  readonly aggregate: Aggregate;
  /** 1, 2, 3 … within the aggregate, without gaps. */
  readonly sequence: number;
  /** The W3C trace context in which it was made, so that consumers continue the same trace. */
  readonly traceparent?: string;
  /** Where a webhook or a worker concluded it: the trace context of the last request about the same order. */
  readonly tracelink?: string;
} & EventFact;

export type Aggregate =
  | { readonly type: 'order'; readonly id: OrderId }
  | { readonly type: 'assessment'; readonly id: AssessmentId }
  | { readonly type: 'webhook_endpoint'; readonly id: WebhookEndpointId }
  | { readonly type: 'attack'; readonly id: AttackId }
  /** The policies of one event, as they follow each other. */
  | { readonly type: 'policy'; readonly id: `policy_${AssessmentEvent}` };

/** An event before it has an id and a number. */
export type EventFact =
  | { readonly type: 'order.created'; readonly data: OrderData }
  | { readonly type: 'order.authorized'; readonly data: OrderData }
  | { readonly type: 'order.held'; readonly data: OrderData }
  | { readonly type: 'order.captured'; readonly data: OrderData & { readonly captured: Money } }
  | { readonly type: 'order.canceled'; readonly data: OrderData }
  | { readonly type: 'payment.requires_action'; readonly data: AttemptData }
  | { readonly type: 'payment.pending'; readonly data: AttemptData }
  | {
      readonly type: 'payment.declined';
      readonly data: AttemptData & { readonly code: DeclineCode; readonly advice: Advice };
    }
  | { readonly type: 'payment.failed'; readonly data: AttemptData }
  | { readonly type: 'payment.quarantined'; readonly data: AttemptData }
  /** A person has ended the quarantine. */
  | {
      readonly type: 'payment.resolved';
      readonly data: OrderData & {
        readonly resolution: Resolution;
        readonly captured: Money;
        readonly refunded: Money;
      };
    }
  | { readonly type: 'payment.captured'; readonly data: MovementData }
  | { readonly type: 'payment.capture_failed'; readonly data: MovementData }
  | { readonly type: 'payment.voided'; readonly data: MovementData }
  | { readonly type: 'payment.void_failed'; readonly data: MovementData }
  | { readonly type: 'payment.refunded'; readonly data: MovementData & { readonly reason: RefundReason } }
  | { readonly type: 'payment.refund_failed'; readonly data: MovementData }
  | { readonly type: 'payment.incremented'; readonly data: MovementData }
  | { readonly type: 'payment.increment_failed'; readonly data: MovementData }
  | { readonly type: 'payment.expired'; readonly data: OrderData }
  /** Money came too late or twice; it is being given back. */
  | { readonly type: 'payment.unwanted'; readonly data: AttemptData & { readonly because: Unwanted } }
  | { readonly type: 'payment.reversed'; readonly data: MovementData }
  | { readonly type: 'payment.reversal_failed'; readonly data: MovementData }
  | { readonly type: 'payment.fraud_reported'; readonly data: AttemptData }
  | { readonly type: 'dispute.opened'; readonly data: DisputeData }
  | { readonly type: 'dispute.under_review'; readonly data: DisputeData }
  | { readonly type: 'dispute.won'; readonly data: DisputeData }
  | { readonly type: 'dispute.lost'; readonly data: DisputeData }
  | {
      readonly type: 'assessment.made';
      readonly data: {
        readonly assessmentId: AssessmentId;
        readonly event: AssessmentEvent;
        readonly decision: Decision;
        readonly score: number | null;
        readonly reasons: readonly string[];
        readonly checkoutId?: CheckoutId;
      };
    }
  | {
      readonly type: 'webhook_endpoint.disabled';
      readonly data: {
        readonly endpointId: WebhookEndpointId;
        /** Asked for, answered 410 Gone, or failed for a whole retry schedule. */
        readonly because: 'by_request' | 'gone' | 'failing';
      };
    }
  | {
      readonly type: 'attack.began';
      readonly data: {
        readonly attackId: AttackId;
        /** What left its band: the share of attempts that fail, or how many cards are tried. */
        readonly reason: 'decline_ratio' | 'distinct_cards';
      };
    }
  | { readonly type: 'attack.ended'; readonly data: { readonly attackId: AttackId } }
  | {
      readonly type: 'policy.activated';
      readonly data: {
        readonly event: AssessmentEvent;
        readonly hash: string;
        /** Null for the first policy of an installation. */
        readonly previousHash: string | null;
        /** 1, 2, 3 … for each policy of the event that came into force, among the files' or the merchant's own. */
        readonly version: number;
        /** The installation's file, or a policy that the merchant put in its place. Absent in old events: the file. */
        readonly origin?: 'file' | 'merchant';
        /** How many it has. */
        readonly rules: number;
      };
    };

export type EventType = EventFact['type'];

type OrderData = {
  readonly orderId: OrderId;
  readonly checkoutId: CheckoutId;
  readonly total: Money;
  /** Both only where the merchant lets them in (event-fields.ts). */
  readonly customerReference?: string;
  readonly metadata?: Checkout['metadata'];
};
type AttemptData = OrderData & { readonly attemptId: AttemptId };
/** Why money is given back that a PSP took. */
export type Unwanted = 'checkout_closed' | 'paid_already' | 'amount_changed';

type DisputeData = OrderData & {
  readonly disputeId: DisputeId;
  readonly amount: Money;
  /** The PSP's own word. */
  readonly reason: string;
  /** The issuer only asks: no money has been taken. */
  readonly inquiry: boolean;
  /** RFC 3339. */
  readonly evidenceDueAt?: string;
};

type MovementData = OrderData & { readonly movementId: MovementId; readonly amount: Money };
