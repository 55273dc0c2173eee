import { beginAttempt, whyNotOpen } from '../domain/purchase/begin-attempt.ts';
import type { Purchase } from '../domain/purchase/purchase.ts';
import { step } from '../domain/purchase/step.ts';
import { isRefusal, refuse } from '../domain/refusal.ts';
import type { AttemptRequest } from '../domain/payment/attempt.ts';
import type { Assessment } from '../domain/risk/assessment.ts';
import type { ObservedSignals, Signals } from '../domain/risk/signals.ts';
import type { CheckoutId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import type { AttemptSubject, Psp } from '../psp/psp.ts';
import type { NewRequest } from '../domain/request.ts';
import { authorizeAttempt } from './authorize-attempt.ts';
import { commit } from './commit.ts';
import type { Deps } from './deps.ts';
import { type Answer, earlier, fresh } from './request.ts';
import { signalsOf } from './signals-of.ts';

export type ConfirmAsk = {
  readonly request: NewRequest;
  readonly checkoutId: CheckoutId;
  /** Present when a browser asks with a publishable key: it must know this checkout's secret. */
  readonly clientSecretHash?: string;
  /** The PSP's token of the payment method. */
  readonly method: string;
  readonly initiator: AttemptRequest['initiator'];
  /** What the storefront and the browser observed; joined with what the checkout knows. */
  readonly signals: ObservedSignals;
  readonly browser?: AttemptSubject['browser'];
  /** When the buyer confirmed, where that was not now; risk is judged and counted as of then. */
  readonly happenedAt?: Instant;
};

/**
 * Pays a checkout, in phases of one transaction or one outside call each:
 * assess → record (order, payment, attempt, assessment, request) → authorise → conclude (outcome, events, reply).
 *
 * The assessment is made before anything is recorded, so that it is stored with the order it judged in one transaction;
 * a crash before that has changed nothing. A crash after it leaves an attempt with its PSP key, and whoever comes next
 * (this request again, the resume worker, a webhook) goes on from there.
 */
export async function confirmCheckout(deps: Deps, ask: ConfirmAsk): Promise<Answer> {
  const { purchase, request } = await deps.store.purchases.findForRequest(ask.request, ask.checkoutId);
  const known = earlier(request, ask.request);
  if (known !== null) return known;
  if (purchase === null || !mayConfirm(purchase, ask))
    return refuse('not_found', 'There is no such checkout.');
  const closed = whyNotOpen(purchase, deps.clock());
  if (closed !== null) return closed;
  const route = deps.psps.route(purchase);
  if (isRefusal(route)) return route;

  const signals = signalsOf(purchase, ask.signals);
  const question = {
    merchantId: purchase.checkout.merchantId,
    event: 'checkout' as const,
    at: ask.happenedAt ?? deps.clock(),
    signals,
  };
  const assessment = await deps.risk.assess({ ...question, id: deps.newId('asm') });
  deps.failpoint('confirm.assessed');
  if (assessment.decision === 'block') return refuseSale(deps, ask, purchase, assessment, signals);

  const begun = beginAttempt(purchase, plan(deps, ask, purchase, assessment, route), deps.clock());
  if (isRefusal(begun)) return begun;
  const attempt = begun.purchase.sale?.attempts.at(-1);
  if (attempt === undefined) throw new Error('an attempt that has begun is in its purchase');
  const recorded = await commit(deps, purchase, begun, attempt.createdAt, () => ({
    assessment,
    request: { open: ask.request, subject: attempt.id, leaseUntil: attempt.createdAt + deps.leaseMs },
  }));
  // Somebody else confirmed, changed or canceled this checkout meanwhile, or used the key: look again.
  if (recorded.saved !== 'saved') return confirmCheckout(deps, ask);
  deps.risk.observe({ ...question, what: 'attempted' });
  deps.failpoint('confirm.recorded');

  const reply = await authorizeAttempt(deps, recorded.purchase, attempt, {
    psp: route.psp,
    request: ask.request,
    assessment,
    signals,
    ...(ask.browser === undefined ? {} : { browser: ask.browser }),
  });
  deps.failpoint('confirm.concluded');
  return fresh(reply);
}

/** The policy said no: nothing is recorded but the decision, and the checkout stays open for another try. */
async function refuseSale(
  deps: Deps,
  ask: ConfirmAsk,
  purchase: Purchase,
  assessment: Assessment,
  signals: Signals,
): Promise<Answer> {
  const at = deps.clock();
  const judged: Purchase = { ...purchase, checkout: { ...purchase.checkout, assessmentId: assessment.id } };
  let reply = { status: 0, body: '' };
  const saved = await commit(
    deps,
    purchase,
    step(judged, { journal: [], events: [] }),
    at,
    (after, events) => {
      reply = deps.render.checkout({ purchase: after, assessment, events });
      return { assessment, request: { replied: { ...ask.request, reply } } };
    },
  );
  if (saved.saved !== 'saved') return confirmCheckout(deps, ask);
  deps.risk.observe({
    merchantId: purchase.checkout.merchantId,
    at: assessment.at,
    signals,
    what: 'refused',
    event: 'checkout',
  });
  return fresh(reply);
}

function mayConfirm({ checkout }: Purchase, { clientSecretHash }: ConfirmAsk): boolean {
  return clientSecretHash === undefined || clientSecretHash === checkout.clientSecretHash;
}

function plan(
  deps: Deps,
  ask: ConfirmAsk,
  { checkout }: Purchase,
  assessment: Assessment,
  route: { psp: Psp; because: string },
) {
  const id = deps.newId('att');
  const hold = assessment.decision === 'review';
  const [exemption] = assessment.exemptions;
  const request: AttemptRequest = {
    pspKey: id,
    amount: checkout.total,
    method: ask.method,
    capture: checkout.captureMode === 'automatic' && !hold,
    hold,
    routedBecause: route.because,
    assessmentId: assessment.id,
    authentication: assessment.decision === 'challenge' ? 'challenge' : 'automatic',
    ...(exemption === undefined ? {} : { exemption }),
    returnUrl: `${deps.publicUrl}/return/${checkout.merchantId}/${checkout.id}`,
    initiator: ask.initiator,
    ...(ask.happenedAt === undefined ? {} : { happenedAt: ask.happenedAt }),
  };
  return { id, psp: route.psp.name, pspAccount: route.psp.account, request };
}
