import type { AttemptOutcome, MovementOutcome } from '../domain/payment/outcome.ts';
import type { Resolution } from '../domain/payment/payment.ts';
import type { Purchase } from '../domain/purchase/purchase.ts';
import { resolveQuarantine } from '../domain/purchase/resolve-quarantine.ts';
import { refuse } from '../domain/refusal.ts';
import type { NewRequest } from '../domain/request.ts';
import type { CheckoutId, MovementId } from '../kernel/ids.ts';
import type { Psp } from '../psp/psp.ts';
import { type Answer, earlier } from './answer.ts';
import { subjectOf } from './authorize-attempt.ts';
import type { Deps } from './deps.ts';
import { moveMoney, movementSubject } from './move-money.ts';

export type ResolveAsk = {
  readonly request: NewRequest;
  readonly checkoutId: CheckoutId;
  readonly resolution: Resolution;
  readonly by: string;
  readonly note: string;
};

/**
 * A person ends a quarantine. The PSP is asked first, whatever the resolution: what it says now is what is accepted or
 * returned. Where it is not heard nothing is decided, unless it can never be asked again; then its first words count.
 */
export async function resolvePayment(
  deps: Deps,
  { resolution, by, note, ...ask }: ResolveAsk,
): Promise<Answer> {
  const { purchase, request } = await deps.store.purchases.findForRequest(ask.request, ask.checkoutId);
  const known = earlier(request, ask.request);
  if (known !== null) return known;
  if (purchase?.sale === undefined) return refuse('not_found', 'There is no such payment.');
  const heard = await askAbout(deps, purchase, purchase.sale);
  if (heard === null) return refuse('psp_unavailable', 'The PSP could not be asked what it holds.');
  return moveMoney(deps, ask, (now, id, at) => {
    // The first is the movement that is made before the answer.
    const ids: MovementId[] = [id];
    const newMovementId = () => ids.pop() ?? deps.newId('mov');
    return resolveQuarantine(now, { resolution, by, note, heard }, at, newMovementId);
  });
}

/** What PSPs say of everything that is quarantined; null when one that can be asked was not heard. */
async function askAbout(deps: Deps, purchase: Purchase, sale: NonNullable<Purchase['sale']>) {
  const attempts = new Map<string, AttemptOutcome>();
  const movements = new Map<string, MovementOutcome>();
  const isSilent = (psp: Psp, { kind }: { kind: string }, { createdAt }: { createdAt: number }) =>
    kind === 'unknown' && deps.clock() - createdAt < psp.askableForMs;
  for (const attempt of sale.attempts) {
    const psp = deps.psps.find(attempt.psp, attempt.pspAccount)?.psp;
    if (attempt.state !== 'quarantined' || psp === undefined) continue;
    const outcome = await psp.ask(subjectOf(purchase, attempt));
    if (isSilent(psp, outcome, attempt)) return null;
    attempts.set(attempt.id, outcome);
  }
  for (const movement of sale.movements) {
    if (movement.state !== 'quarantined') continue;
    const subject = movementSubject(purchase, movement);
    const psp = deps.psps.find(subject.attempt.psp, subject.attempt.pspAccount)?.psp;
    if (psp === undefined) continue;
    const outcome = await psp.askMovement(subject);
    if (isSilent(psp, outcome, movement)) return null;
    movements.set(movement.id, outcome);
  }
  return { attempts, movements };
}
