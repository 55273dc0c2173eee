import type { Movement } from '../domain/payment/movement.ts';
import type { MovementOutcome } from '../domain/payment/outcome.ts';
import { concludeMovement } from '../domain/purchase/conclude-movement.ts';
import type { Purchase } from '../domain/purchase/purchase.ts';
import { type Step, unchanged } from '../domain/purchase/step.ts';
import { type Refusal, isRefusal, refuse } from '../domain/refusal.ts';
import type { CheckoutId, MovementId } from '../kernel/ids.ts';
import type { Instant } from '../kernel/instant.ts';
import { money } from '../kernel/money.ts';
import type { MovementSubject } from '../psp/psp.ts';
import type { NewRequest, Reply, RequestName } from '../domain/request.ts';

import { commit } from './commit.ts';
import type { Deps } from './deps.ts';
import { type Answer, earlier, fresh } from './answer.ts';

/**
 * What every movement of an order's money has in common: record the movement with its PSP key and the request, call the
 * PSP, conclude with the outcome, the events and the reply.
 */
export async function moveMoney(
  deps: Deps,
  ask: { readonly request: NewRequest; readonly checkoutId: CheckoutId },
  begin: (purchase: Purchase, id: MovementId, at: Instant) => Step | Refusal,
): Promise<Answer> {
  const { purchase, request } = await deps.store.purchases.findForRequest(ask.request, ask.checkoutId);
  const known = earlier(request, ask.request);
  if (known !== null) return known;
  if (purchase?.sale === undefined) return refuse('not_found', 'There is no such order.');

  const at = deps.clock();
  const id = deps.newId('mov');
  const begun = begin(purchase, id, at);
  if (isRefusal(begun)) return begun;
  const movement = begun.purchase.sale?.movements.find((each) => each.id === id);
  if (movement === undefined) return finishWithoutCall(deps, ask, purchase, begun, at, begin);

  const recorded = await commit(deps, purchase, begun, at, () => ({
    request: { open: ask.request, subject: id, leaseUntil: at + deps.leaseMs },
  }));
  // Another request moved this order's money first: decide again on what is left.
  if (recorded.saved !== 'saved') return moveMoney(deps, ask, begin);
  deps.failpoint('movement.recorded');

  const outcome = await callPsp(deps, recorded.purchase, movement);
  deps.failpoint('movement.answered');
  const reply = await concludeMovementWithReply(deps, recorded.purchase, movement, outcome, ask.request);
  deps.failpoint('movement.concluded');
  return fresh(reply);
}

/** The change needs no PSP (a review approved under manual capture): recorded and answered at once. */
async function finishWithoutCall(
  deps: Deps,
  ask: { readonly request: NewRequest; readonly checkoutId: CheckoutId },
  purchase: Purchase,
  begun: Step,
  at: Instant,
  begin: Parameters<typeof moveMoney>[2],
): Promise<Answer> {
  let reply: Reply = { status: 0, body: '' };
  const saved = await commit(deps, purchase, begun, at, (after, events) => {
    reply = deps.render.order({ purchase: after, assessment: null, events });
    return { request: { replied: { ...ask.request, reply } } };
  });
  return saved.saved === 'saved' ? fresh(reply) : moveMoney(deps, ask, begin);
}

/** Makes the call that a movement was recorded for; making it again is safe while its key is known. */
export async function callPsp(deps: Deps, purchase: Purchase, movement: Movement): Promise<MovementOutcome> {
  const subject = movementSubject(purchase, movement);
  const account = deps.psps.find(subject.attempt.psp, subject.attempt.pspAccount);
  if (account === null) return { kind: 'unknown', cause: 'the PSP account is not configured any more' };
  return account.psp.move(subject);
}

export function movementSubject(purchase: Purchase, movement: Movement): MovementSubject {
  const { checkout, sale } = purchase;
  const attempt = sale?.attempts.find((each) => each.id === movement.attemptId);
  if (sale === undefined || attempt?.state !== 'authorized') {
    throw new Error('money moves only where an attempt was authorised');
  }
  const authorized = money(sale.payment.authorized, sale.payment.currency);
  return { merchantId: checkout.merchantId, orderId: sale.order.id, attempt, movement, authorized };
}

/** Applies an outcome and ends the request that waits for it, in one transaction. */
export async function concludeMovementWithReply(
  deps: Deps,
  purchase: Purchase,
  movement: Movement,
  outcome: MovementOutcome,
  request: RequestName,
): Promise<Reply> {
  const at = deps.clock();
  const concluded = concludeMovement(purchase, movement.id, outcome, at);
  let reply: Reply = { status: 0, body: '' };
  const committed = await commit(deps, purchase, concluded ?? unchanged(purchase), at, (after, events) => {
    reply = deps.render.order({ purchase: after, assessment: null, events });
    return { request: { reply, name: request } };
  });
  if (committed.saved === 'saved') return reply;
  const now = await deps.store.purchases.findForRequest(request, purchase.checkout.id);
  if (now.request?.reply) return now.request.reply;
  if (now.purchase === null) throw new Error('a purchase that was recorded cannot be found');
  return concludeMovementWithReply(deps, now.purchase, movement, outcome, request);
}

/** Applies an outcome that nobody waits for. */
export async function concludeMovementQuietly(
  deps: Deps,
  purchase: Purchase,
  movementId: string,
  outcome: MovementOutcome,
  along: Parameters<typeof commit>[4] = () => ({}),
): Promise<boolean> {
  const at = deps.clock();
  const concluded = concludeMovement(purchase, movementId, outcome, at);
  if (concluded === null) return false;
  const committed = await commit(deps, purchase, concluded, at, along);
  if (committed.saved === 'saved') return true;
  const { merchantId, id } = purchase.checkout;
  const now = await deps.store.purchases.find(merchantId, id);
  return now !== null && concludeMovementQuietly(deps, now, movementId, outcome, along);
}
