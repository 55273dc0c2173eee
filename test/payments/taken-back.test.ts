import { describe, expect, it } from '@jest/globals';
import type { MovementOutcome } from '../../src/domain/payment/outcome.ts';
import type { Posting } from '../../src/domain/payment/posting.ts';
import type { MovementKind } from '../../src/domain/payment/movement.ts';
import { beginMovement } from '../../src/domain/purchase/begin-movement.ts';
import { concludeAttempt } from '../../src/domain/purchase/conclude-attempt.ts';
import { concludeMovement } from '../../src/domain/purchase/conclude-movement.ts';
import type { Purchase } from '../../src/domain/purchase/purchase.ts';
import { isRefusal } from '../../src/domain/refusal.ts';
import { showFigure } from '../harness/figure.ts';
import { after, authorized, begun, captured, eur, permutations, reserved } from './purchases.ts';

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

describe('a capture that is reversed after its money was given back', () => {
  const refunded = (amount: bigint): Purchase => {
    const refunding = beginMovement(captured(), { id: 'mov_9', kind: 'refund', amount: eur(amount) }, 5);
    if (isRefusal(refunding)) throw new Error(refunding.detail);
    const said: MovementOutcome = { kind: 'succeeded', pspReference: 're_1', amount: eur(amount) };
    const step = concludeMovement(refunding.purchase, 'mov_9', said, 6);
    if (step === null) throw new Error('the refund changes nothing');
    return step.purchase;
  };

  it.each([1299n, 400n])('counts no more, nor does the refund of %s, and a person has to look', (amount) => {
    const step = concludeMovement(refunded(amount), 'mov_1', reversed, 7);
    expect(step?.purchase.sale?.payment).toMatchObject({
      state: 'quarantined',
      captured: 0n,
      refunded: 0n,
    });
    expect(step?.purchase.sale?.movements).toMatchObject([
      { id: 'mov_1', state: 'failed', reversed: true },
      { id: 'mov_9', state: 'succeeded', stray: true },
    ]);
    expect(step?.postings).toMatchObject([{ cause: 'mov_1', debit: 'sales', amount: eur(1299n) }]);
    expect(step?.events.map(({ type }) => type)).toEqual(['payment.capture_failed', 'payment.quarantined']);
    expect(step && concludeMovement(step.purchase, 'mov_1', reversed, 8)).toBeNull();
  });
});

it('a capture of unwanted money that the scheme takes back has failed, and no return of it has', () => {
  const late = after(begun(), { ...authorized, captured: eur(1299n) });
  const closed = { ...late, checkout: { ...late.checkout, state: 'canceled' as const } };
  let made = 0;
  const second = { ...late.sale.attempts[0], id: 'att_2' as const, state: 'canceled' as const };
  const step = concludeAttempt(
    { ...closed, sale: { ...late.sale, attempts: [...late.sale.attempts, second] } },
    'att_2',
    { ...authorized, captured: eur(1299n) },
    5,
    () => `mov_s${(made += 1)}`,
  );
  const taken = step?.purchase.sale?.movements.find(({ kind, stray }) => stray && kind === 'capture');
  const back = step?.purchase.sale?.movements.find(({ kind, stray }) => stray && kind === 'refund');
  if (!step || !taken || !back) throw new Error('nothing came late');
  const told = (id: string, outcome: MovementOutcome) =>
    concludeMovement(step.purchase, id, outcome, 6)?.events.map(({ type }) => type);
  expect(told(taken.id, { kind: 'reversed', pspReference: 'pi_1', raw: 'CAPTURE_FAILED' })).toEqual([
    'payment.capture_failed',
  ]);
  expect(told(back.id, { kind: 'failed', raw: 'refused' })).toEqual(['payment.reversal_failed']);
  expect(told(back.id, { kind: 'succeeded', pspReference: 're_1', amount: eur(1299n) })).toEqual([
    'payment.reversed',
  ]);
});
