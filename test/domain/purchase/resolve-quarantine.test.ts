import { describe, expect, it } from '@jest/globals';
import type { MovementKind } from '../../../src/domain/payment/movement.ts';
import type { AttemptOutcome } from '../../../src/domain/payment/outcome.ts';
import type { Resolution } from '../../../src/domain/payment/payment.ts';
import { beginAttempt } from '../../../src/domain/purchase/begin-attempt.ts';
import { beginMovement } from '../../../src/domain/purchase/begin-movement.ts';
import { closeCheckout } from '../../../src/domain/purchase/close-checkout.ts';
import type { Purchase } from '../../../src/domain/purchase/purchase.ts';
import { resolveQuarantine } from '../../../src/domain/purchase/resolve-quarantine.ts';
import type { Currency } from '../../../src/kernel/money.ts';
import {
  at,
  attemptIn,
  attemptNews,
  attemptOf,
  authorization,
  authorized,
  captured,
  eur,
  heard,
  moved,
  movementNews,
  movementOf,
  moving,
  must,
  newMovementId,
  openCheckout,
  planned,
  saleOf,
  total,
  tried,
} from './given.ts';

const silent = { attempts: new Map(), movements: new Map() };

function resolve(purchase: Purchase, resolution: Resolution, now?: AttemptOutcome) {
  const attempts = now === undefined ? new Map() : new Map([[attemptOf(purchase).id, now]]);
  const decided = { resolution, by: 'key_1', note: 'seen', heard: { ...silent, attempts } };
  return resolveQuarantine(purchase, decided, at, newMovementId);
}

/** How everything stands, in words. */
function stands(purchase: Purchase) {
  const { order, payment } = saleOf(purchase);
  const { authorized: reserved, captured: taken, refunded } = payment;
  return [purchase.checkout.state, order.state, payment.state, reserved, taken, refunded];
}

const said = (outcome: AttemptOutcome, request = {}) =>
  must(heard(tried(openCheckout(), request), outcome)).purchase;
const usd = (amount: bigint) => ({ amount, currency: 'USD' as Currency });

describe('an authorisation that cannot be ours', () => {
  it.each([
    ['less, reserved', authorization(eur(400n)), ['completed', 'authorized', 'authorized', 400n, 0n, 0n]],
    [
      'less, taken',
      authorization(eur(400n), eur(400n)),
      ['completed', 'captured', 'captured', 400n, 400n, 0n],
    ],
    ['taken in part', authorization(total, eur(1n)), ['completed', 'captured', 'captured', 1000n, 1n, 0n]],
  ] as const)('of %s can be accepted', (_, outcome, end) => {
    const step = must(resolve(said(outcome), 'accept'));
    expect(stands(step.purchase)).toEqual(end);
    expect(step.journal.at(-1)).toMatchObject({ from: 'quarantined', because: 'accept by key_1: seen' });
  });

  it.each([
    ['more', authorization(eur(1001n)), 'void', eur(1001n)],
    ['another currency', authorization(usd(1000n)), 'void', usd(1000n)],
    ['another currency, taken', authorization(usd(1000n), usd(1000n)), 'refund', usd(1000n)],
    ['more, taken', authorization(eur(5000n), eur(5000n)), 'refund', eur(5000n)],
  ] as const)('of %s can only go back', (_, outcome, kind, amount) => {
    const before = said(outcome);
    expect(resolve(before, 'accept')).toMatchObject({ refused: 'resolution_not_possible' });
    const step = must(resolve(before, 'return'));
    expect(stands(step.purchase)).toEqual(['canceled', 'canceled', 'canceled', 0n, 0n, 0n]);
    const back = saleOf(step.purchase).movements.find((each) => each.state === 'prepared');
    expect(back).toMatchObject({ kind, amount, stray: true });
    expect(step.events.map(({ type }) => type)).toEqual(['payment.resolved', 'order.canceled']);
  });

  it.each(['ask', 'accept', 'return'] as const)(
    'that the PSP does not know of any more leaves the checkout open (%s)',
    (resolution) => {
      const step = must(resolve(said(authorization(eur(400n))), resolution, attemptNews.declined));
      const end =
        resolution === 'return' ? ['canceled', 'canceled', 'canceled'] : ['open', 'pending', 'open'];
      expect(stands(step.purchase).slice(0, 3)).toEqual(end);
    },
  );

  it('that the PSP says differently again stays, with its new words', () => {
    const step = must(resolve(said(authorization(eur(400n))), 'ask', authorization(eur(500n))));
    expect(attemptOf(step.purchase)).toMatchObject({ state: 'quarantined', said: { amount: eur(500n) } });
    expect(saleOf(step.purchase).payment.state).toBe('quarantined');
  });

  it('of an earlier version, whose words were not kept, has to be asked about', () => {
    const { checkout, sale } = said(authorization(eur(400n)));
    const { said: _, ...attempt } = attemptOf({ checkout, ...(sale && { sale }) }) as { said: object };
    const old = {
      checkout,
      sale: { ...saleOf({ checkout, ...(sale && { sale }) }), attempts: [attempt as never] },
    };
    expect(resolve(old, 'accept')).toMatchObject({ refused: 'resolution_not_possible' });
    expect(stands(must(resolve(old, 'accept', authorization())).purchase)[2]).toBe('authorized');
  });
});

describe('a late success of another amount', () => {
  const late = must(heard(attemptIn('declined'), authorization(eur(1n), eur(1n)))).purchase;

  it('lets nobody try again, and is not forgotten when the checkout expires', () => {
    expect([late.checkout.state, saleOf(late).payment.state]).toEqual(['open', 'quarantined']);
    expect(beginAttempt(late, planned(), at)).toMatchObject({ refused: 'payment_quarantined' });
    const expired = must(closeCheckout(late, 'expired', at)).purchase;
    expect(stands(expired).slice(0, 3)).toEqual(['expired', 'canceled', 'quarantined']);
    expect(resolve(expired, 'accept')).toMatchObject({ refused: 'resolution_not_possible' });
    const returned = must(resolve(expired, 'return')).purchase;
    expect(stands(returned)).toEqual(['expired', 'canceled', 'canceled', 0n, 0n, 0n]);
  });

  it('beside a payment that stands goes back alone', () => {
    const second = must(beginAttempt(attemptIn('declined'), planned(), at)).purchase;
    const paid = must(heard(second, authorization(total, total))).purchase;
    const [first] = saleOf(paid).attempts;
    const doubted = must(heard(paid, authorization(eur(1n), eur(1n)), first?.id)).purchase;
    expect(saleOf(doubted).payment.state).toBe('quarantined');
    const step = must(resolve(doubted, 'return'));
    expect(stands(step.purchase)).toEqual(['completed', 'captured', 'captured', 1000n, 1000n, 0n]);
    expect(step.events.map(({ type }) => type)).toEqual(['payment.resolved']);
  });

  it('is not released because another try of the buyer was declined', () => {
    const second = must(beginAttempt(attemptIn('declined'), planned(), at)).purchase;
    const [first] = saleOf(second).attempts;
    const doubted = must(heard(second, authorization(eur(1n)), first?.id)).purchase;
    const now = must(heard(doubted, attemptNews.declined)).purchase;
    expect(saleOf(now).payment.state).toBe('quarantined');
  });
});

describe('a movement that does not fit', () => {
  /** It failed, another one took its place, and its success came after all. */
  const late = (kind: MovementKind, next: MovementKind): Purchase => {
    const failed = must(moved(moving(kind), movementNews(total).failed)).purchase;
    const { id } = movementOf(failed);
    const after = must(moved(moving(next, failed), movementNews(total).succeeded)).purchase;
    return must(moved(after, movementNews(total).succeeded, id)).purchase;
  };

  it.each([
    ['a capture beside another', late('capture', 'capture'), ['captured', 'captured', 1000n, 1000n, 0n]],
    ['a capture of a canceled order', late('capture', 'void'), ['canceled', 'canceled', 1000n, 0n, 0n]],
  ] as const)('%s can only go back, and the order stays what it was', (_, before, end) => {
    expect(resolve(before, 'accept')).toMatchObject({ refused: 'resolution_not_possible' });
    const step = must(resolve(before, 'return'));
    expect(stands(step.purchase).slice(1)).toEqual(end);
    expect(movementOf(step.purchase)).toMatchObject({ kind: 'refund', stray: true, state: 'prepared' });
    expect(step.postings).toMatchObject([{ credit: 'sales', amount: total }]);
  });

  it.each([
    ['a void after a capture', late('void', 'capture'), 0],
    ['a refund beside another', late('refund', 'refund'), 1],
  ] as const)('%s cannot be given back, and is accepted without being counted', (_, before, postings) => {
    expect(resolve(before, 'return')).toMatchObject({ refused: 'resolution_not_possible' });
    const step = must(resolve(before, 'accept'));
    const refunded = postings === 1 ? 1000n : 0n;
    expect(stands(step.purchase).slice(1)).toEqual(['captured', 'captured', 1000n, 1000n, refunded]);
    expect(step.postings).toHaveLength(postings);
  });

  it('a void after the first of several captures leaves what was captured, and the order is over', () => {
    const voiding = moving('void');
    const { id } = movementOf(voiding);
    const failed = must(moved(voiding, movementNews(total).failed)).purchase;
    const part = { id: newMovementId(), kind: 'capture' as const, amount: eur(400n), final: false };
    const partly = must(
      moved(must(beginMovement(failed, part, at)).purchase, movementNews(eur(400n)).succeeded),
    ).purchase;
    const doubted = must(moved(partly, movementNews(total).succeeded, id)).purchase;
    const step = must(resolve(doubted, 'accept'));
    expect(stands(step.purchase).slice(1)).toEqual(['captured', 'captured', 1000n, 400n, 0n]);
    expect(step.events.map(({ type }) => type)).toEqual([
      'payment.voided',
      'order.captured',
      'payment.resolved',
    ]);
  });

  it.each([
    ['capture', authorized, eur(400n), ['captured', 'captured', 1000n, 400n, 0n]],
    ['refund', captured, eur(400n), ['captured', 'captured', 1000n, 1000n, 400n]],
    ['increment', authorized, eur(40n), ['authorized', 'authorized', 1040n, 0n, 0n]],
  ] as const)('a %s of another amount is accepted as it was made', (kind, before, amount, end) => {
    const doubted = must(moved(moving(kind, before()), movementNews(amount).succeeded)).purchase;
    expect(saleOf(doubted).payment.state).toBe('quarantined');
    const step = must(resolve(doubted, 'accept'));
    expect(stands(step.purchase).slice(1)).toEqual(end);
    expect(movementOf(step.purchase)).toMatchObject({ state: 'succeeded', amount, stray: false });
  });

  it('a capture in another currency goes back in it', () => {
    const doubted = must(moved(moving('capture'), movementNews(usd(1000n)).succeeded)).purchase;
    expect(resolve(doubted, 'accept')).toMatchObject({ refused: 'resolution_not_possible' });
    const step = must(resolve(doubted, 'return'));
    expect(movementOf(step.purchase)).toMatchObject({ kind: 'refund', amount: usd(1000n) });
    expect(stands(step.purchase).slice(1)).toEqual(['canceled', 'canceled', 1000n, 0n, 0n]);
  });

  it('a refund of stray money that the PSP made too small is recorded, and still not counted', () => {
    const doubted = must(moved(moving('capture'), movementNews(eur(400n)).succeeded)).purchase;
    const returning = must(resolve(doubted, 'return')).purchase;
    const again = must(moved(returning, movementNews(eur(300n)).succeeded)).purchase;
    const accepted = must(resolve(again, 'accept')).purchase;
    expect(movementOf(accepted)).toMatchObject({ kind: 'refund', state: 'succeeded', stray: true });
    expect(saleOf(accepted).payment).toMatchObject({ captured: 0n, refunded: 0n });
  });

  it('a capture that comes to nothing while a person looks is not in doubt any more, and the payment is', () => {
    const doubted = must(moved(moving('capture'), movementNews(eur(400n)).succeeded)).purchase;
    const gone = must(
      moved(doubted, { kind: 'reversed', pspReference: 'mv_1', raw: 'CAPTURE_FAILED' }),
    ).purchase;
    expect([movementOf(gone).state, saleOf(gone).payment.state]).toEqual(['failed', 'quarantined']);
    expect(resolve(gone, 'return')).toMatchObject({ refused: 'resolution_not_possible' });
    expect(stands(must(resolve(gone, 'accept')).purchase).slice(1)).toEqual([
      'authorized',
      'authorized',
      1000n,
      0n,
      0n,
    ]);
  });
});

it('what is not quarantined is not resolved', () => {
  for (const each of [authorized(), captured(), openCheckout()])
    expect(resolve(each, 'accept')).toMatchObject({ refused: 'payment_not_quarantined' });
});
