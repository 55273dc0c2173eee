import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { orderTransitions } from '../../../src/domain/checkout/order.ts';
import {
  type MovementKind,
  type MovementState,
  movementTransitions,
} from '../../../src/domain/payment/movement.ts';
import {
  type PaymentState,
  type Resolution,
  paymentTransitions,
  resolutions,
} from '../../../src/domain/payment/payment.ts';
import type { MovementOutcome } from '../../../src/domain/payment/outcome.ts';
import { type PlannedMovement, beginMovement } from '../../../src/domain/purchase/begin-movement.ts';
import type { Purchase } from '../../../src/domain/purchase/purchase.ts';
import { resolveQuarantine } from '../../../src/domain/purchase/resolve-quarantine.ts';
import { isRefusal } from '../../../src/domain/refusal.ts';
import {
  at,
  attemptIn,
  authorized,
  captured,
  eur,
  heard,
  attemptNews,
  moved,
  movementNews,
  movementOf,
  moving,
  must,
  newId,
  newMovementId,
  openCheckout,
  saleOf,
  tried,
} from './given.ts';

type State = MovementState['state'];
const reversed: MovementOutcome = { kind: 'reversed', pspReference: 'mv_1', raw: 'REFUND_FAILED' };
const states = Object.keys(movementTransitions) as State[];
const news = ['pending', 'unknown', 'succeeded', 'failed', 'quarantined'] as const;
const kinds: readonly MovementKind[] = ['capture', 'void', 'refund', 'increment'];

function movementIn(kind: MovementKind, state: State): Purchase {
  const begun = moving(kind);
  return state === 'prepared'
    ? begun
    : must(moved(begun, movementNews(movementOf(begun).amount)[state])).purchase;
}

describe.each(kinds.filter((kind) => kind !== 'void'))('the table of a %s', (kind) => {
  // A success is taken back, and a failure said again, by a reversal only: below. What is quarantined waits for a person.
  const leads = (from: State, to: State): boolean =>
    from !== 'quarantined' &&
    movementTransitions[from].includes(to) &&
    !(to === 'failed' && (from === 'succeeded' || from === 'failed'));
  const pairs = states.flatMap((from) => news.map((to) => [from, to] as const));

  it.each(pairs.filter(([from, to]) => leads(from, to)))('leads from %s to %s', (from, to) => {
    const before = movementIn(kind, from);
    const step = must(moved(before, movementNews(movementOf(before).amount)[to]));
    expect(movementOf(step.purchase).state).toBe(to);
    expect(step.journal).toMatchObject([{ from, to }]);
  });

  it.each(pairs.filter(([from, to]) => !leads(from, to)))('does not lead from %s to %s', (from, to) => {
    const before = movementIn(kind, from);
    expect(moved(before, movementNews(movementOf(before).amount)[to])).toBeNull();
  });
});

it('a capture that succeeds captures the order, and posts what the PSP owes', () => {
  const begun = moving('capture');
  const step = must(moved(begun, movementNews(eur(1000n)).succeeded));
  const { order, payment } = saleOf(step.purchase);
  expect([order.state, payment.state, payment.captured]).toEqual(['captured', 'captured', 1000n]);
  expect(step.postings).toMatchObject([{ debit: 'psp:stripe:default', credit: 'sales', amount: eur(1000n) }]);
  expect(step.events.map(({ type }) => type)).toEqual(['payment.captured', 'order.captured']);
});

it('a refund that comes back from the bank is undone, with a posting that says so', () => {
  const refunded = movementIn('refund', 'succeeded');
  expect(moved(refunded, movementNews(eur(1000n)).failed)).toBeNull();
  const step = must(moved(refunded, reversed));
  expect(saleOf(step.purchase).payment.refunded).toBe(0n);
  expect(step.postings).toMatchObject([{ debit: 'psp:stripe:default', credit: 'sales' }]);
});

it('a void that succeeds cancels the order, and one that fails leaves it', () => {
  const begun = moving('void');
  expect(saleOf(must(moved(begun, movementNews(eur(1000n)).succeeded)).purchase).order.state).toBe(
    'canceled',
  );
  expect(saleOf(must(moved(begun, movementNews(eur(1000n)).failed)).purchase).order.state).toBe('authorized');
});

it('a void that succeeds late leaves an order that was told to be paid, though its capture was taken back', () => {
  const voiding = moving('void');
  const { id } = movementOf(voiding);
  const failed = must(moved(voiding, movementNews(eur(1000n)).failed)).purchase;
  const paid = must(moved(moving('capture', failed), movementNews(eur(1000n)).succeeded)).purchase;
  const back = must(moved(paid, reversed)).purchase;
  const late = must(moved(back, movementNews(eur(1000n)).succeeded, id)).purchase;
  expect([saleOf(late).order.state, saleOf(late).payment.state]).toEqual(['captured', 'quarantined']);
});

describe('a movement is refused', () => {
  const begin = (purchase: Purchase, planned: Omit<PlannedMovement, 'id'>) =>
    beginMovement(purchase, { id: newId('mov'), ...planned }, at);
  const held = () => must(heard(tried(openCheckout(), { hold: true }), attemptNews.authorized)).purchase;
  const partly = () =>
    must(
      moved(
        must(begin(authorized(), { kind: 'capture', amount: eur(400n), final: false })).purchase,
        movementNews(eur(400n)).succeeded,
      ),
    ).purchase;

  it.each([
    ['without an order', () => openCheckout(), { kind: 'capture' }, 'order_not_authorized'],
    ['before the authorisation', () => attemptIn('unknown'), { kind: 'capture' }, 'order_not_authorized'],
    ['while the order is held', held, { kind: 'capture' }, 'order_held'],
    ['when it would capture again', captured, { kind: 'capture' }, 'order_already_captured'],
    ['when it would void what is captured', captured, { kind: 'void' }, 'order_already_captured'],
    [
      'when the order is canceled',
      () => movementIn('void', 'succeeded'),
      { kind: 'capture' },
      'order_already_canceled',
    ],
    ['when a part is captured and it would void', partly, { kind: 'void' }, 'order_has_captures'],
    ['when nothing is captured and it would refund', authorized, { kind: 'refund' }, 'order_not_captured'],
    [
      'above what is authorised',
      authorized,
      { kind: 'capture', amount: eur(1001n) },
      'capture_above_authorized',
    ],
    ['above what is left', partly, { kind: 'capture', amount: eur(601n) }, 'capture_above_authorized'],
    ['above what is captured', captured, { kind: 'refund', amount: eur(1001n) }, 'refund_above_captured'],
    ['of nothing', authorized, { kind: 'capture', amount: eur(0n) }, 'capture_above_authorized'],
    [
      'in another currency',
      authorized,
      { kind: 'capture', amount: { ...eur(1n), currency: 'USD' as never } },
      'currency_mismatch',
    ],
    ['while a final capture runs', () => moving('capture'), { kind: 'capture' }, 'movement_in_flight'],
    ['while a void runs', () => moving('void'), { kind: 'capture' }, 'movement_in_flight'],
    [
      'while a capture runs and it would void',
      () => moving('capture'),
      { kind: 'void' },
      'movement_in_flight',
    ],
    [
      'while everything is being refunded',
      () => moving('refund'),
      { kind: 'refund' },
      'refund_above_captured',
    ],
    [
      'when the payment is quarantined',
      () => movementIn('capture', 'quarantined'),
      { kind: 'refund' },
      'payment_quarantined',
    ],
  ] as const)('%s', (_, given, planned, refused) => {
    expect(begin(given(), planned)).toMatchObject({ refused });
  });
});

const said = (amount: ReturnType<typeof eur>, hear: (typeof news)[number] | 'reversed'): MovementOutcome =>
  hear === 'reversed' ? reversed : movementNews(amount)[hear];

describe('whatever is begun and heard, in whatever order', () => {
  const deed = fc.oneof(
    fc.record({
      kind: fc.constantFrom<MovementKind>('capture', 'refund', 'void'),
      amount: fc.constantFrom(400n, 600n, 1000n),
      final: fc.boolean(),
    }),
    fc.record({ hear: fc.constantFrom(...news, 'succeeded', 'failed', 'reversed'), about: fc.nat(2) }),
    fc.record({ resolve: fc.constantFrom(...resolutions), heard: fc.option(fc.constantFrom(...news)) }),
  );

  /** A person resolves, and the PSP says this of each movement in doubt. */
  const resolve = (now: Purchase, resolution: Resolution, says: (typeof news)[number] | null) => {
    const doubtful = saleOf(now).movements.filter(({ state }) => state === 'quarantined');
    const movements = new Map(
      says === null ? [] : doubtful.map((each) => [each.id, said(each.amount, says)]),
    );
    const decided = { resolution, by: 'key_1', note: 'seen', heard: { attempts: new Map(), movements } };
    return resolveQuarantine(now, decided, at, newMovementId);
  };

  it('money is conserved, tables are kept, and the postings add up', () => {
    const lifted = { ask: 0, accept: 0, return: 0 };
    fc.assert(
      fc.property(fc.array(deed, { minLength: 5, maxLength: 25, size: 'max' }), (deeds) => {
        let now = authorized();
        let owed = 0n;
        for (const each of deeds) {
          const before = saleOf(now);
          const movement = 'hear' in each ? before.movements.at(-1 - each.about) : undefined;
          const answer =
            'resolve' in each
              ? resolve(now, each.resolve, each.heard)
              : 'hear' in each
                ? movement && moved(now, said(movement.amount, each.hear), movement.id)
                : beginMovement(
                    now,
                    {
                      id: newId('mov'),
                      kind: each.kind,
                      ...(each.kind === 'void' ? {} : { amount: eur(each.amount) }),
                      final: each.final,
                    },
                    at,
                  );
          if (answer === undefined || answer === null || isRefusal(answer)) continue;
          now = answer.purchase;
          if ('resolve' in each && saleOf(now).payment.state !== 'quarantined') lifted[each.resolve] += 1;
          for (const { debit, amount } of answer.postings)
            owed += debit === 'sales' ? -amount.amount : amount.amount;
          const { payment, order, movements } = saleOf(now);
          expect(payment.captured <= payment.authorized).toBe(true);
          expect(payment.refunded <= payment.captured && payment.refunded >= 0n).toBe(true);
          const uncounted = movements
            .filter(({ stray, state }) => stray && state === 'succeeded')
            .reduce((sum, { kind, amount }) => sum + (kind === 'refund' ? -1n : 1n) * amount.amount, 0n);
          expect(owed).toBe(payment.captured - payment.refunded + uncounted);
          for (const { subject, from, to } of answer.journal)
            if (from !== null && subject.startsWith('mov_'))
              expect(movementTransitions[from as State] as string[]).toContain(to);
          if (order.state !== before.order.state)
            expect(orderTransitions[before.order.state]).toContain(order.state);
          if (payment.state !== before.payment.state)
            expect(paymentTransitions[before.payment.state] as PaymentState[]).toContain(payment.state);
        }
      }),
      { numRuns: 3000 },
    );
    // A purchase that nobody ever resolved would prove nothing.
    for (const times of Object.values(lifted)) expect(times).toBeGreaterThan(0);
  });
});

describe('a success that was given up for failed, and comes after all', () => {
  const failed = (kind: MovementKind) => movementIn(kind, 'failed');
  const again = (kind: MovementKind, before: Purchase): Purchase =>
    must(moved(moving(kind, before), movementNews(eur(1000n)).succeeded)).purchase;
  const late = (before: Purchase, now: Purchase) =>
    must(moved(now, movementNews(eur(1000n)).succeeded, movementOf(before).id));

  it.each([
    ['is welcome where nothing took its place', 'capture', null, 'succeeded', 1000n],
    ['is quarantined where another capture took its place', 'capture', 'capture', 'quarantined', 1000n],
    ['is quarantined where the order was canceled', 'capture', 'void', 'quarantined', 0n],
    ['is quarantined where the order was captured', 'void', 'capture', 'quarantined', 1000n],
    ['is quarantined where another refund took its place', 'refund', 'refund', 'quarantined', 1000n],
  ] as const)('%s', (_, kind, next, state, capturedNow) => {
    const before = failed(kind);
    const step = late(before, next === null ? before : again(next, before));
    const { movements, payment } = saleOf(step.purchase);
    expect(movements.find(({ id }) => id === movementOf(before).id)?.state).toBe(state);
    expect([payment.captured, payment.state]).toEqual([
      capturedNow,
      state === 'succeeded' ? 'captured' : 'quarantined',
    ]);
    if (state === 'quarantined') expect(step.events.map(({ type }) => type)).toEqual(['payment.quarantined']);
  });
});
