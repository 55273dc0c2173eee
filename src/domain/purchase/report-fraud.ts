import type { Instant } from '../../kernel/instant.ts';
import type { Attempt } from '../payment/attempt.ts';
import type { Purchase } from './purchase.ts';
import { type Step, orderData, step } from './step.ts';

/** The issuer says that a payment was fraud. No money moves: a dispute may follow, and a refund may prevent it. */
export function reportFraud(purchase: Purchase, attempt: Attempt, at: Instant): Step | null {
  const { checkout, sale } = purchase;
  if (sale === undefined) return null;
  const { payment } = sale;
  return step(purchase, {
    journal: [
      {
        subject: payment.id,
        at,
        from: payment.state,
        to: payment.state,
        because: 'the issuer reports fraud',
      },
    ],
    events: [
      { type: 'payment.fraud_reported', data: { ...orderData(checkout.id, sale), attemptId: attempt.id } },
    ],
    labels: [{ fraud: true, source: 'fraud_report', strength: 'strong', reference: fraudReportOf(attempt) }],
  });
}

/** A PSP may repeat a report with other words; it is one report. */
export function fraudReportOf({ id }: Pick<Attempt, 'id'>): string {
  return `fraud report of ${id}`;
}
