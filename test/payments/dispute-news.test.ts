import { expect, it } from '@jest/globals';
import { showFigure } from '../harness/figure.ts';
import type { Dispute } from '../../src/domain/payment/dispute.ts';
import { isHeld } from '../../src/domain/payment/dispute.ts';
import type { DisputeNews } from '../../src/domain/payment/witness.ts';
import { concludeDispute } from '../../src/domain/purchase/conclude-dispute.ts';
import { captured, eur, permutations } from './purchases.ts';

const news = (state: DisputeNews['state'], inquiry = false): DisputeNews => ({
  pspReference: 'dp_1',
  state,
  amount: eur(1299n),
  reason: 'fraudulent',
  fraud: true,
  inquiry,
});

/** Hears all of them; answers the dispute, and what each account has gained in the end. */
function hear(heard: readonly DisputeNews[]) {
  const purchase = captured();
  const attemptId = purchase.sale.attempts[0].id;
  let dispute: Dispute | null = null;
  const balance: Record<string, bigint> = {};
  let labels = 0;
  for (const [at, each] of heard.entries()) {
    const concluded = concludeDispute(purchase, dispute, each, { attemptId, id: 'dsp_1' }, at);
    if (concluded === null) continue;
    dispute = concluded.dispute;
    labels += concluded.step.labels.filter(({ fraud }) => fraud).length;
    for (const { debit, credit, amount } of concluded.step.postings) {
      balance[debit] = (balance[debit] ?? 0n) + amount.amount;
      balance[credit] = (balance[credit] ?? 0n) - amount.amount;
    }
  }
  const moved = Object.entries(balance).filter(([, amount]) => amount !== 0n);
  return {
    state: dispute?.state,
    held: dispute !== null && isHeld(dispute),
    moved: Object.fromEntries(moved),
    labels,
  };
}

it.each([
  ['won', {}],
  ['lost', { sales: 1299n, 'psp:stripe:default': -1299n }],
] as const)('a dispute that is %s ends the same in every order of its news', (end, moved) => {
  const told = [news('opened', true), news('opened'), news('under_review'), news(end)];
  const orders = permutations(told);
  const ends = orders.map(hear);
  for (const each of ends) expect(each).toMatchObject({ state: end, held: false, moved });
  showFigure(`dispute ${end}: ${ends.length} orders of ${told.length} messages, one end`);
});

it('an inquiry takes no money and accuses nobody', () => {
  expect(hear([news('opened', true), news('under_review', true)])).toEqual({
    state: 'under_review',
    held: false,
    moved: {},
    labels: 0,
  });
});

it('an open dispute holds the money back and labels the buyer once', () => {
  expect(hear([news('opened'), news('opened'), news('under_review')])).toEqual({
    state: 'under_review',
    held: true,
    moved: { disputes: 1299n, 'psp:stripe:default': -1299n },
    labels: 1,
  });
});
