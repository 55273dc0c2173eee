import { expect, it } from '@jest/globals';
import type { MovementOutcome } from '../../src/domain/payment/outcome.ts';
import type { Posting } from '../../src/domain/payment/posting.ts';
import type { MovementKind } from '../../src/domain/payment/movement.ts';
import { beginMovement } from '../../src/domain/purchase/begin-movement.ts';
import { concludeMovement } from '../../src/domain/purchase/conclude-movement.ts';
import type { Purchase } from '../../src/domain/purchase/purchase.ts';
import { isRefusal } from '../../src/domain/refusal.ts';
import { showFigure } from '../harness/figure.ts';
import { captured, eur, permutations, reserved } from './purchases.ts';

const pending: MovementOutcome = { kind: 'pending', pspReference: 'mv_1' };
const unknown: MovementOutcome = { kind: 'unknown', cause: 'timeout' };
const succeeded: MovementOutcome = { kind: 'succeeded', pspReference: 'mv_1', amount: eur(400n) };
const failed: MovementOutcome = { kind: 'failed', raw: 'refused' };
const reversed: MovementOutcome = { kind: 'reversed', pspReference: 'mv_1', raw: 'REFUND_FAILED' };

function moving(kind: MovementKind): Purchase {
  const before = kind === 'refund' ? captured() : reserved();
  const begun = beginMovement(before, { id: 'mov_9', kind, amount: eur(400n) }, 5);
  if (isRefusal(begun)) throw new Error(begun.detail);
  return begun.purchase;
}

/** How a movement stands after these news, what the payment counts, and what the postings add up to. */
function hear(kind: MovementKind, news: readonly MovementOutcome[]) {
  let now = moving(kind);
  const postings: Posting[] = [];
  for (const [at, outcome] of news.entries()) {
    const step = concludeMovement(now, 'mov_9', outcome, at + 10);
    if (step === null) continue;
    now = step.purchase;
    postings.push(...step.postings);
  }
  const movement = now.sale?.movements.find(({ id }) => id === 'mov_9');
  const { payment } = now.sale ?? {};
  return {
    state: movement?.state,
    moved: kind === 'refund' ? payment?.refunded : payment?.captured,
    posted: postings.reduce(
      (sum, { debit, amount }) => sum + (debit === 'sales' ? -1n : 1n) * amount.amount,
      0n,
    ),
    payment: payment?.state,
  };
}

it.each([
  ['failed', 'came back from the bank', [unknown, pending, succeeded, succeeded, failed, reversed], 0n],
  ['succeeded', 'was called a failure once', [unknown, pending, succeeded, succeeded, failed], 400n],
] as const)('a refund ends as %s that %s, in every order of its news', (state, _, news, amount) => {
  const orders = permutations(news);
  for (const each of orders)
    expect(hear('refund', each)).toEqual({ state, moved: amount, posted: -amount, payment: 'captured' });
  showFigure(`refund that ${_}: ${orders.length} orders of ${news.length}, one end`);
});

it('a capture that the scheme did not pay counts nothing, in every order of its news', () => {
  for (const each of permutations([unknown, pending, succeeded, succeeded, failed, reversed]))
    expect(hear('capture', each)).toMatchObject({ state: 'failed', moved: 0n, posted: 0n });
});

it('an order that was told to be paid, and is not after all, waits for a person', () => {
  expect(hear('capture', [succeeded, reversed]).payment).toBe('quarantined');
  expect(hear('capture', [reversed, succeeded]).payment).toBe('authorized');
});

it('a capture that is reversed after its money was given back changes no amount, and is quarantined', () => {
  const before = captured();
  const refunding = beginMovement(before, { id: 'mov_9', kind: 'refund' }, 5);
  if (isRefusal(refunding)) throw new Error(refunding.detail);
  const whole: MovementOutcome = { kind: 'succeeded', pspReference: 're_1', amount: eur(1299n) };
  const refunded = concludeMovement(refunding.purchase, 'mov_9', whole, 6);
  if (refunded === null) throw new Error('the refund changes nothing');
  const step = concludeMovement(refunded.purchase, 'mov_1', reversed, 7);
  expect(step?.purchase.sale?.payment).toMatchObject({
    state: 'quarantined',
    captured: 1299n,
    refunded: 1299n,
  });
  expect([step?.postings, step?.events.map(({ type }) => type)]).toEqual([[], ['payment.quarantined']]);
  expect(step && concludeMovement(step.purchase, 'mov_1', reversed, 8)).toBeNull();
});
