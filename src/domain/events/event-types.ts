import type { Aggregate, EventType } from './event.ts';

/** What each type of event is about: the aggregate that its sequence counts in. */
export const aggregateOf: Readonly<Record<EventType, Aggregate['type']>> = {
  'order.created': 'order',
  'order.authorized': 'order',
  'order.held': 'order',
  'order.captured': 'order',
  'order.canceled': 'order',
  'payment.requires_action': 'order',
  'payment.pending': 'order',
  'payment.declined': 'order',
  'payment.failed': 'order',
  'payment.quarantined': 'order',
  'payment.resolved': 'order',
  'payment.captured': 'order',
  'payment.capture_failed': 'order',
  'payment.voided': 'order',
  'payment.void_failed': 'order',
  'payment.refunded': 'order',
  'payment.refund_failed': 'order',
  'payment.incremented': 'order',
  'payment.increment_failed': 'order',
  'payment.expired': 'order',
  'payment.unwanted': 'order',
  'payment.reversed': 'order',
  'payment.reversal_failed': 'order',
  'payment.fraud_reported': 'order',
  'dispute.opened': 'order',
  'dispute.under_review': 'order',
  'dispute.won': 'order',
  'dispute.lost': 'order',
  'assessment.made': 'assessment',
  'webhook_endpoint.disabled': 'webhook_endpoint',
  'attack.began': 'attack',
  'attack.ended': 'attack',
  'policy.activated': 'policy',
};

/** Every type, in the order of the documentation. */
export const eventTypes: readonly EventType[] = Object.keys(aggregateOf) as EventType[];
