import type { Event } from '../domain/events/event.ts';
import type { Attempt, Elsewhere } from '../domain/payment/attempt.ts';
import type { AttemptOutcome } from '../domain/payment/outcome.ts';
import { beginAttempt } from '../domain/purchase/begin-attempt.ts';
import { concludeAttempt } from '../domain/purchase/conclude-attempt.ts';
import { isRefusal } from '../domain/refusal.ts';
import { type NextTry, nextTry } from '../domain/routing/next-try.ts';
import type { Purchase } from '../domain/purchase/purchase.ts';
import { unchanged } from '../domain/purchase/step.ts';
import type { Assessment } from '../domain/risk/assessment.ts';
import type { Signals } from '../domain/risk/signals.ts';
import { type Instant, minuteMs } from '../kernel/instant.ts';
import type { AttemptSubject } from '../psp/psp.ts';
import type { Reply, RequestName } from '../domain/request.ts';
import { commit } from './commit.ts';
import type { Deps } from './deps.ts';
import { signalsOf, withCard } from './signals-of.ts';

/** Who drives the attempt, and who waits for an answer. */
type Drive = {
  readonly request: RequestName;
  readonly assessment: Assessment | null;
  readonly signals?: Signals;
  readonly browser?: AttemptSubject['browser'];
};

/** The outside call of a confirm, and its conclusion. The attempt has been recorded; nothing is held open meanwhile. */
export async function authorizeAttempt(
  deps: Deps,
  purchase: Purchase,
  attempt: Attempt,
  drive: Drive,
): Promise<Reply> {
  const account = deps.psps.find(attempt.psp, attempt.pspAccount);
  if (account === null) throw new Error('an attempt is made at an account that is configured');
  const outcome = await account.psp.authorize(subjectOf(purchase, attempt, drive.browser));
  deps.failpoint('authorize.answered');
  return concludeOrTryAgain(deps, purchase, attempt, outcome, drive);
}

/** Ends the request with this outcome, or goes on with another attempt. */
export async function concludeOrTryAgain(
  deps: Deps,
  purchase: Purchase,
  attempt: Attempt,
  outcome: AttemptOutcome,
  drive: Drive,
): Promise<Reply> {
  const next = nextTry(attempt.request, outcome);
  const reply = next && (await tryAgain(deps, purchase, attempt, outcome, drive, next));
  return reply ?? concludeWithReply(deps, purchase, attempt, outcome, drive);
}

/** Nobody starts a payment for a buyer who has left; the adapters start none that was recorded so long ago. */
const buyerWaitsMs = 10 * minuteMs;

/**
 * Concludes an attempt that brought nothing, unless somebody has, and makes the next one, each in its own transaction;
 * the request moves on with the second. Null when there is nowhere to go, or when somebody else changed the purchase
 * meanwhile.
 */
async function tryAgain(
  deps: Deps,
  purchase: Purchase,
  attempt: Attempt,
  outcome: AttemptOutcome,
  drive: Drive,
  { how, because }: NextTry,
): Promise<Reply | null> {
  const { exemption, elsewhere: [first, ...others] = [], ...kept } = attempt.request;
  const route = how === 'challenge' ? sameAccount(attempt) : first;
  if (route === undefined || deps.psps.find(route.psp, route.account) === null) return null;
  if (deps.clock() - attempt.createdAt > buyerWaitsMs) return null;
  const { merchantId, id: checkoutId } = purchase.checkout;
  const concluded = await concludeQuietly(deps, purchase, attempt.id, outcome);
  const now = concluded?.purchase ?? (await deps.store.purchases.find(merchantId, checkoutId));
  const last = now?.sale?.attempts.at(-1);
  if (now === null || last?.id !== attempt.id || (last.state !== 'declined' && last.state !== 'failed'))
    return null;
  deps.failpoint('authorize.given_up');
  const id = deps.newId('att');
  const request: Attempt['request'] = {
    ...kept,
    pspKey: id,
    method: route.method,
    routedBecause: `${route.because}; after ${attempt.psp}/${attempt.pspAccount}: ${because}`,
    ...(how === 'challenge' ? { authentication: 'challenge' } : exemption === undefined ? {} : { exemption }),
    ...(how === 'challenge' || others.length === 0 ? {} : { elsewhere: others }),
  };
  const at = deps.clock();
  const planned = { id, psp: route.psp, pspAccount: route.account, request };
  const begun = beginAttempt(now, planned, at);
  const second = isRefusal(begun) ? undefined : begun.purchase.sale?.attempts.at(-1);
  if (isRefusal(begun) || second === undefined) return null;
  const recorded = await commit(deps, now, begun, at, () => ({
    request: { moved: drive.request, subject: id, leaseUntil: at + deps.leaseMs },
  }));
  if (recorded.saved !== 'saved') return null;
  deps.failpoint('authorize.moved_on');
  return authorizeAttempt(deps, recorded.purchase, second, drive);
}

function sameAccount({ psp, pspAccount: account, request }: Attempt): Elsewhere {
  return { psp, account, method: request.method, because: request.routedBecause };
}

/** Applies an outcome and ends the request that waits for it, in one transaction. */
export async function concludeWithReply(
  deps: Deps,
  purchase: Purchase,
  attempt: Attempt,
  outcome: AttemptOutcome,
  drive: Drive,
): Promise<Reply> {
  const at = deps.clock();
  // Null: a webhook or a worker was faster. The request still has to be answered.
  const concluded = concludeAttempt(purchase, attempt.id, outcome, at, () => deps.newId('mov'));
  let reply: Reply = { status: 0, body: '' };
  const committed = await commit(deps, purchase, concluded ?? unchanged(purchase), at, (after, events) => {
    reply = deps.render.checkout({ purchase: after, assessment: drive.assessment, events });
    return { request: { reply, name: drive.request } };
  });
  if (committed.saved !== 'saved') {
    const { purchase: now, request } = await deps.store.purchases.findForRequest(
      drive.request,
      purchase.checkout.id,
    );
    if (request?.reply) return request.reply;
    if (now === null) throw new Error('a purchase that was recorded cannot be found');
    return concludeWithReply(deps, now, attempt, outcome, drive);
  }
  if (concluded !== null) observe(deps, committed.purchase, attempt.id, outcome, at, drive.signals);
  return reply;
}

/** Applies an outcome that nobody waits for: a webhook, the buyer's return, an answer to a question. */
export async function concludeQuietly(
  deps: Deps,
  purchase: Purchase,
  attemptId: string,
  outcome: AttemptOutcome,
  along: Parameters<typeof commit>[4] = () => ({}),
): Promise<{ purchase: Purchase; events: readonly Event[] } | null> {
  const at = deps.clock();
  const concluded = concludeAttempt(purchase, attemptId, outcome, at, () => deps.newId('mov'));
  if (concluded === null) return null;
  const committed = await commit(deps, purchase, concluded, at, along);
  if (committed.saved === 'saved') {
    await observeLater(deps, committed.purchase, attemptId, outcome, at);
    return committed;
  }
  const { merchantId, id } = purchase.checkout;
  const now = await deps.store.purchases.find(merchantId, id);
  return now === null ? null : concludeQuietly(deps, now, attemptId, outcome, along);
}

export function subjectOf(
  purchase: Purchase,
  attempt: Attempt,
  browser?: AttemptSubject['browser'],
): AttemptSubject {
  const { checkout, sale } = purchase;
  if (sale === undefined) throw new Error('an attempt belongs to an order');
  return {
    merchantId: checkout.merchantId,
    checkoutId: checkout.id,
    orderId: sale.order.id,
    attempt,
    ...(browser === undefined ? {} : { browser }),
  };
}

/** Where the request is over, only its assessment still knows device and network: a declined challenge counts there too. */
async function observeLater(
  deps: Deps,
  purchase: Purchase,
  attemptId: string,
  outcome: AttemptOutcome,
  at: Instant,
): Promise<void> {
  const attempt = purchase.sale?.attempts.find(({ id }) => id === attemptId);
  if (attempt === undefined) return;
  // Money has moved already: what cannot be read makes counts lower, and nothing else.
  const assessment = await deps.store.assessments
    .find(purchase.checkout.merchantId, attempt.request.assessmentId)
    .catch(() => null);
  observe(deps, purchase, attemptId, outcome, at, signalsOf(purchase, {}), assessment?.entities);
}

/** Tells the counters how it went. */
function observe(
  deps: Deps,
  purchase: Purchase,
  attemptId: string,
  outcome: AttemptOutcome,
  at: Instant,
  signals: Signals = signalsOf(purchase, {}),
  judged: Assessment['entities'] = {},
): void {
  if (outcome.kind !== 'authorized' && outcome.kind !== 'declined') return;
  const attempt = purchase.sale?.attempts.find(({ id }) => id === attemptId);
  deps.risk.observe({
    judged,
    merchantId: purchase.checkout.merchantId,
    at: attempt?.request.happenedAt ?? at,
    signals: withCard(signals, outcome.card),
    what: outcome.kind === 'authorized' ? 'succeeded' : 'declined',
    event: 'checkout',
  });
}
