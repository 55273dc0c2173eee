import type { z } from 'zod';
import type { Event } from '../../domain/events/event.ts';
import type { Attempt } from '../../domain/payment/attempt.ts';
import { adviceFor } from '../../domain/payment/decline.ts';
import type { Purchase } from '../../domain/purchase/purchase.ts';
import { authorizedAttempt } from '../../domain/purchase/receive-money.ts';
import type { Assessment } from '../../domain/risk/assessment.ts';
import type { CheckoutView } from '../../flows/deps.ts';
import type { assessmentShown, checkoutShown, paymentShown } from '../codec/checkout.ts';
import { shownAt } from '../codec/parts.ts';

/** A checkout as replies show it. */
export function toWireCheckout({
  purchase,
  assessment,
  events,
  clientSecret,
}: CheckoutView): z.input<typeof checkoutShown> {
  const { checkout, sale } = purchase;
  const attempt = sale?.attempts.at(-1);
  return {
    id: checkout.id,
    object: 'checkout',
    status: checkout.state,
    amount: Number(checkout.total.amount),
    currency: checkout.total.currency,
    capture_mode: checkout.captureMode,
    return_url: checkout.returnUrl ?? null,
    metadata: { ...checkout.metadata },
    ...(clientSecret === undefined ? {} : { client_secret: clientSecret }),
    created_at: shownAt(checkout.createdAt),
    expires_at: shownAt(checkout.expiresAt),
    order: sale === undefined ? null : { id: sale.order.id, status: sale.order.state },
    payment: toWirePayment(purchase),
    next_action: attempt?.state === 'requires_action' ? toWireAction(attempt) : null,
    decline:
      attempt?.state === 'declined'
        ? { code: attempt.decline.code, advice: adviceFor(attempt.decline.code) }
        : null,
    assessment: assessment === null ? null : toWireAssessment(assessment),
    events: events.map(toWireEventName),
  };
}

export function toWirePayment({ sale }: Purchase): z.input<typeof paymentShown> | null {
  if (sale === undefined) return null;
  const { payment } = sale;
  const attempt = authorizedAttempt(sale) ?? sale.attempts.at(-1);
  return {
    id: payment.id,
    status: payment.state,
    currency: payment.currency,
    authorized: Number(payment.authorized),
    captured: Number(payment.captured),
    refunded: Number(payment.refunded),
    psp: attempt?.psp ?? null,
    psp_reference: (attempt && 'pspReference' in attempt ? attempt.pspReference : null) ?? null,
  };
}

/** A browser is told what to do, not how the shop judges it: whoever tests cards would tune them by the score. */
export function withoutAssessment(reply: string): string {
  const shown = JSON.parse(reply) as z.input<typeof checkoutShown>;
  return JSON.stringify({ ...shown, assessment: null });
}

export function toWireAssessment(assessment: Assessment): z.input<typeof assessmentShown> {
  return {
    id: assessment.id,
    event: assessment.event,
    decision: assessment.decision,
    score: assessment.score,
    reasons: assessment.reasons.map(({ kind, code, text }) => ({ kind, code, text })),
    exemptions: [...assessment.exemptions],
    degraded: [...assessment.degraded],
    created_at: shownAt(assessment.at),
  };
}

export function toWireEventName({ id, type, sequence }: Event) {
  return { id, type, sequence };
}

function toWireAction({ action }: Attempt & { state: 'requires_action' }) {
  return action.kind === 'redirect'
    ? { kind: action.kind, url: action.url }
    : { kind: action.kind, data: { ...action.data } };
}
