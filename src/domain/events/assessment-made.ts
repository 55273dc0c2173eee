import type { CheckoutId, EventId } from '../../kernel/ids.ts';
import type { Assessment } from '../risk/assessment.ts';
import type { Event } from './event.ts';

/** What the outbox says of an assessment. It is one event, the first and last of its aggregate. */
export function assessmentMade(id: EventId, assessment: Assessment, checkoutId?: CheckoutId): Event {
  return {
    id,
    merchantId: assessment.merchantId,
    at: assessment.at,
    aggregate: { type: 'assessment', id: assessment.id },
    sequence: 1,
    type: 'assessment.made',
    data: {
      assessmentId: assessment.id,
      event: assessment.event,
      decision: assessment.decision,
      score: assessment.score,
      reasons: assessment.reasons.map((reason) => reason.code),
      ...(checkoutId === undefined ? {} : { checkoutId }),
    },
  };
}
