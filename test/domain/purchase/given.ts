import type { Checkout } from '../../../src/domain/checkout/checkout.ts';
import type { Attempt, AttemptRequest, AttemptState } from '../../../src/domain/payment/attempt.ts';
import type { Movement, MovementKind, MovementState } from '../../../src/domain/payment/movement.ts';
import type { AttemptOutcome, MovementOutcome } from '../../../src/domain/payment/outcome.ts';
import { beginAttempt } from '../../../src/domain/purchase/begin-attempt.ts';
import { beginMovement } from '../../../src/domain/purchase/begin-movement.ts';
import { concludeAttempt } from '../../../src/domain/purchase/conclude-attempt.ts';
import { concludeMovement } from '../../../src/domain/purchase/conclude-movement.ts';
import type { Purchase, Sale } from '../../../src/domain/purchase/purchase.ts';
import type { Step } from '../../../src/domain/purchase/step.ts';
import { isRefusal } from '../../../src/domain/refusal.ts';
import { type NewId, idFrom } from '../../../src/kernel/ids.ts';
import { type Currency, money } from '../../../src/kernel/money.ts';

export const at = 1_000_000;
export const eur = (amount: bigint) => money(amount, 'EUR' as Currency);
export const total = eur(1000n);

let made = 0;
/** Ids in the order of their making. */
export const newId: NewId = (prefix) => idFrom(prefix, at + (made += 1), new Uint8Array(10));
export const newMovementId = () => newId('mov');

export function openCheckout(changed: Partial<Checkout> = {}): Purchase {
  return {
    checkout: {
      id: newId('chk'),
      merchantId: newId('mer'),
      state: 'open',
      total,
      captureMode: 'manual',
      buyer: {},
      metadata: {},
      clientSecretHash: '',
      createdAt: at,
      expiresAt: at + 1000,
      version: 1,
      ...changed,
    },
  };
}

export const planned = (request: Partial<AttemptRequest> = {}) => {
  const id = newId('att');
  const asked: AttemptRequest = {
    pspKey: id,
    amount: total,
    method: 'pm_card_visa',
    capture: false,
    hold: false,
    routedBecause: 'the only PSP account',
    assessmentId: newId('asm'),
    authentication: 'automatic',
    initiator: 'buyer',
    ...request,
  };
  return { id, psp: 'stripe' as const, pspAccount: 'default', request: asked };
};

/** The step, or a failed test. */
export function must(answer: Step | object | null): Step {
  if (answer === null || isRefusal(answer)) throw new Error(`refused: ${JSON.stringify(answer)}`);
  return answer as Step;
}

export function saleOf(purchase: Purchase): Sale {
  if (purchase.sale === undefined) throw new Error('there is no sale');
  return purchase.sale;
}

export function tried(purchase = openCheckout(), request: Partial<AttemptRequest> = {}): Purchase {
  return must(beginAttempt(purchase, planned(request), at)).purchase;
}

export const authorization = (amount = total, captured?: typeof total): AttemptOutcome => ({
  kind: 'authorized',
  pspReference: 'pi_1',
  amount,
  ...(captured === undefined ? {} : { captured }),
  card: {},
  authentication: { method: 'none', liability: 'merchant' },
});

/** One outcome that leads to each state of an attempt. */
export const attemptNews: Readonly<Record<Exclude<AttemptState['state'], 'prepared'>, AttemptOutcome>> = {
  requires_action: {
    kind: 'requires_action',
    pspReference: 'pi_1',
    action: { kind: 'redirect', url: 'https://bank.example' },
  },
  pending: { kind: 'pending', pspReference: 'pi_1' },
  unknown: { kind: 'unknown', cause: 'no answer' },
  authorized: authorization(),
  declined: {
    kind: 'declined',
    pspReference: 'pi_1',
    decline: { code: 'do_not_honor', raw: 'do_not_honor' },
    card: {},
  },
  failed: { kind: 'not_sent', cause: 'refused' },
  canceled: { kind: 'canceled', pspReference: 'pi_1' },
  quarantined: authorization(eur(1n)),
};

export const attemptOf = (purchase: Purchase): Attempt => saleOf(purchase).attempts.at(-1)!;

export function heard(purchase: Purchase, outcome: AttemptOutcome, id = attemptOf(purchase).id): Step | null {
  return concludeAttempt(purchase, id, outcome, at, newMovementId);
}

/** A purchase whose one attempt is in this state, by news alone. */
export function attemptIn(state: AttemptState['state'], request: Partial<AttemptRequest> = {}): Purchase {
  const begun = tried(openCheckout(), request);
  return state === 'prepared' ? begun : must(heard(begun, attemptNews[state])).purchase;
}

export const authorized = (): Purchase => attemptIn('authorized');
export const captured = (): Purchase =>
  must(moved(moving('capture'), movementNews(total).succeeded)).purchase;

export function moving(
  kind: MovementKind,
  purchase = kind === 'refund' ? captured() : authorized(),
): Purchase {
  const amount = kind === 'increment' ? { amount: eur(100n) } : {};
  return must(beginMovement(purchase, { id: newId('mov'), kind, ...amount }, at)).purchase;
}

export const movementOf = (purchase: Purchase): Movement => saleOf(purchase).movements.at(-1)!;

type Moved = Exclude<MovementState['state'], 'prepared'>;
export const movementNews = (amount: typeof total): Record<Moved, MovementOutcome> => ({
  pending: { kind: 'pending', pspReference: 'mv_1' },
  unknown: { kind: 'unknown', cause: 'no answer' },
  succeeded: { kind: 'succeeded', pspReference: 'mv_1', amount },
  failed: { kind: 'failed', raw: 'no' },
  quarantined: { kind: 'succeeded', pspReference: 'mv_1', amount: eur(amount.amount + 1n) },
});

export function moved(
  purchase: Purchase,
  outcome: MovementOutcome,
  id = movementOf(purchase).id,
): Step | null {
  return concludeMovement(purchase, id, outcome, at);
}
