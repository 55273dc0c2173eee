import { beginAttempt, whyNotOpen } from '../domain/purchase/begin-attempt.ts';
import type { Purchase } from '../domain/purchase/purchase.ts';
import { step } from '../domain/purchase/step.ts';
import { type Refusal, isRefusal, refuse } from '../domain/refusal.ts';
import type { Assessment } from '../domain/risk/assessment.ts';
import type { Signals } from '../domain/risk/signals.ts';
import { judgeAuthentication } from '../domain/sca/judge-authentication.ts';
import { isId } from '../kernel/ids.ts';
import { authorizeAttempt } from './authorize-attempt.ts';
import { commit } from './commit.ts';
import type { Deps } from './deps.ts';
import { storedMethod } from './keep-method.ts';
import { type ConfirmAsk, type External3ds, planAttempt } from './plan-attempt.ts';
import { type Answer, earlier, fresh } from './answer.ts';
import { signalsOf } from './signals-of.ts';

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
  const unusable = ask.external3ds && whyNotAuthenticated(ask.external3ds);
  if (unusable) return unusable;

  const signals = signalsOf(purchase, ask.signals);
  const kept = await keptMethod(deps, purchase, ask.method);
  if (kept !== null && isRefusal(kept)) return kept;
  const method = kept === null ? ask.method : { [kept.psp]: kept.token };
  const [route, ...others] = routesOf(deps, purchase, signals, method);
  if (route === undefined) return refuse('no_psp_for_payment', 'No PSP account takes this payment method.');

  const question = {
    merchantId: purchase.checkout.merchantId,
    event: 'checkout' as const,
    at: ask.happenedAt ?? deps.clock(),
    signals,
  };
  const assessment = await deps.risk.assess({ ...question, id: deps.newId('asm') });
  deps.failpoint('confirm.assessed');
  if (assessment.decision === 'challenge' && ask.hasProved === false)
    return refuse('challenge_required', 'The policy wants a proof before this payment.');
  if (assessment.decision === 'block') return refuseSale(deps, ask, purchase, assessment, signals);

  const planned = planAttempt(deps, purchase, ask, { assessment, signals, route, others, kept });
  const begun = beginAttempt(purchase, planned, deps.clock());
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

/** Why a result from elsewhere does not let the payment go on; null when it does, whoever then bears the loss. */
function whyNotAuthenticated({ transStatus, eci }: External3ds): Refusal | null {
  const facts = { transStatus, eci, exemption: null, initiator: 'buyer', region: 'other' } as const;
  const { proceed, because } = judgeAuthentication(facts);
  return proceed === 'authorize'
    ? null
    : refuse('authentication_not_usable', `External 3-D Secure: ${because}.`, '/external_3ds/trans_status');
}

/** The method that is kept here, where the buyer's customer pays with one. Any other token asks nothing of the store. */
async function keptMethod(deps: Deps, { checkout }: Purchase, method: ConfirmAsk['method']) {
  if (typeof method !== 'string' || !isId('pm', method)) return null;
  return storedMethod(deps, checkout.merchantId, method, checkout.buyer.customerId);
}

/** The accounts that can take this payment, best first. */
function routesOf(deps: Deps, { checkout }: Purchase, signals: Signals, method: ConfirmAsk['method']) {
  const country = signals.card?.country ?? signals.billing?.country;
  const bin = signals.card?.bin;
  const payment = {
    checkoutId: checkout.id,
    total: checkout.total,
    ...(country === undefined ? {} : { country }),
    ...(bin === undefined ? {} : { bin }),
  };
  return deps.psps.route(checkout.merchantId, payment, method);
}
