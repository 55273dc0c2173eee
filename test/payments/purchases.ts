import type { AttemptOutcome } from '../../src/domain/payment/outcome.ts';
import type { Attempt } from '../../src/domain/payment/attempt.ts';
import { beginAttempt } from '../../src/domain/purchase/begin-attempt.ts';
import { concludeAttempt } from '../../src/domain/purchase/conclude-attempt.ts';
import type { Purchase, Sale } from '../../src/domain/purchase/purchase.ts';
import { isRefusal } from '../../src/domain/refusal.ts';
import { type Currency, type Money, money } from '../../src/kernel/money.ts';

/** Purchases as pure values, for tests of decisions. */

export function eur(amount: bigint): Money {
  return money(amount, 'EUR' as Currency);
}

export type Sold = Purchase & {
  readonly sale: Sale & { readonly attempts: readonly [Attempt, ...Attempt[]] };
};

/** A purchase whose first attempt is recorded and not answered. */
export function begun(request: Partial<Attempt['request']> = {}): Sold {
  const open: Purchase = {
    checkout: {
      id: 'chk_1',
      merchantId: 'mer_1',
      state: 'open',
      total: eur(1299n),
      captureMode: request.capture === false ? 'manual' : 'automatic',
      buyer: {},
      metadata: {},
      clientSecretHash: '',
      createdAt: 0,
      expiresAt: 1_000_000,
      version: 1,
    },
  };
  const step = beginAttempt(
    open,
    {
      id: 'att_1',
      psp: 'stripe',
      pspAccount: 'default',
      request: {
        pspKey: 'att_1',
        amount: eur(1299n),
        method: 'pm_card_visa',
        capture: true,
        hold: false,
        routedBecause: 'the only PSP account',
        assessmentId: 'asm_1',
        authentication: 'automatic',
        initiator: 'buyer',
        ...request,
      },
    },
    1,
  );
  if (isRefusal(step)) throw new Error(step.detail);
  return sold(step.purchase);
}

export const authorized: AttemptOutcome & { kind: 'authorized' } = {
  kind: 'authorized',
  pspReference: 'pi_1',
  amount: eur(1299n),
  card: {},
  authentication: { method: 'none', liability: 'merchant' },
};

/** A purchase whose money is taken. */
export function captured(): Sold {
  return after(begun(), { ...authorized, captured: eur(1299n) });
}

/** A purchase whose money is reserved. */
export function reserved(): Sold {
  return after(begun({ capture: false }), authorized);
}

export function after(purchase: Sold, outcome: AttemptOutcome): Sold {
  const step = concludeAttempt(purchase, 'att_1', outcome, 2, () => 'mov_1');
  if (step === null) throw new Error('the outcome changes nothing');
  return sold(step.purchase);
}

export function sold(purchase: Purchase): Sold {
  const { sale } = purchase;
  const [first, ...others] = sale?.attempts ?? [];
  if (sale === undefined || first === undefined) throw new Error('there is no sale');
  return { ...purchase, sale: { ...sale, attempts: [first, ...others] } };
}

/** Every order of the items. */
export function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((first, index) =>
    permutations(items.filter((_, other) => other !== index)).map((rest) => [first, ...rest]),
  );
}
