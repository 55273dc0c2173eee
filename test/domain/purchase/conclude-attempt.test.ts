import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkoutTransitions } from '../../../src/domain/checkout/checkout.ts';
import { orderTransitions } from '../../../src/domain/checkout/order.ts';
import { type AttemptState, attemptTransitions, isLive } from '../../../src/domain/payment/attempt.ts';
import { isMoving } from '../../../src/domain/payment/movement.ts';
import { paymentTransitions } from '../../../src/domain/payment/payment.ts';
import { beginAttempt } from '../../../src/domain/purchase/begin-attempt.ts';
import { closeCheckout } from '../../../src/domain/purchase/close-checkout.ts';
import type { Purchase } from '../../../src/domain/purchase/purchase.ts';
import { isRefusal } from '../../../src/domain/refusal.ts';
import {
  at,
  attemptIn,
  attemptNews,
  attemptOf,
  authorization,
  eur,
  heard,
  must,
  newId,
  openCheckout,
  planned,
  saleOf,
  total,
  tried,
} from './given.ts';

type State = AttemptState['state'];
const states = Object.keys(attemptTransitions) as State[];
const news = Object.keys(attemptNews) as (keyof typeof attemptNews)[];

describe('the table of an attempt', () => {
  const pairs = states.flatMap((from) => news.map((to) => [from, to] as const));
  // What is quarantined moves by a person's decision only: resolve-quarantine.test.ts.
  const leads = ([from, to]: (typeof pairs)[number]) =>
    from !== 'quarantined' && attemptTransitions[from].includes(to);
  const declared = pairs.filter(leads);
  const others = pairs.filter((pair) => !leads(pair));

  it.each(declared)('leads from %s to %s', (from, to) => {
    const step = must(heard(attemptIn(from), attemptNews[to]));
    expect(attemptOf(step.purchase).state).toBe(to);
    expect(step.journal[0]).toMatchObject({ from, to });
  });

  it.each(others)('does not lead from %s to %s: such news changes nothing', (from, to) => {
    expect(heard(attemptIn(from), attemptNews[to])).toBeNull();
  });
});

it('news about an attempt of somebody else changes nothing', () => {
  expect(heard(attemptIn('prepared'), authorization(), newId('att'))).toBeNull();
});

it.each([
  ['authorized', 'completed', 'authorized', 'authorized'],
  ['requires_action', 'requires_action', 'pending', 'requires_action'],
  ['pending', 'processing', 'pending', 'trying'],
  ['unknown', 'processing', 'pending', 'trying'],
  ['declined', 'open', 'pending', 'open'],
  ['failed', 'open', 'pending', 'open'],
  ['canceled', 'open', 'pending', 'open'],
  ['quarantined', 'processing', 'pending', 'quarantined'],
] as const)(
  'an attempt that is %s leaves the checkout %s, the order %s, the payment %s',
  (state, checkout, order, payment) => {
    const { checkout: after, sale } = attemptIn(state);
    expect([after.state, sale?.order.state, sale?.payment.state]).toEqual([checkout, order, payment]);
  },
);

it('money that the PSP captured at once is captured here, with its posting and its event', () => {
  const step = must(heard(tried(openCheckout(), { capture: true }), authorization(total, total)));
  const { order, payment, movements } = saleOf(step.purchase);
  expect([order.state, payment.captured, movements.map(({ kind, state }) => [kind, state])]).toEqual([
    'captured',
    1000n,
    [['capture', 'succeeded']],
  ]);
  expect(step.postings).toEqual([
    { cause: movements[0]?.id, debit: 'psp:stripe:default', credit: 'sales', amount: total },
  ]);
  expect(step.events.map(({ type }) => type)).toEqual(['order.captured']);
});

it('a review holds the order once it is authorised', () => {
  const { sale } = must(heard(tried(openCheckout(), { hold: true }), authorization())).purchase;
  expect(sale?.order.state).toBe('held');
});

it.each([
  ['another amount', authorization(eur(999n))],
  ['another currency', authorization({ ...total, currency: 'USD' as never })],
  ['another captured amount', authorization(total, eur(1n))],
])('a success of %s is quarantined and pays nothing', (_, outcome) => {
  const { sale } = must(heard(tried(), outcome)).purchase;
  expect([sale?.payment.state, sale?.payment.captured, sale?.order.state]).toEqual([
    'quarantined',
    0n,
    'pending',
  ]);
});

it.each(['canceled', 'expired'] as const)('money for a checkout that is %s goes back', (as) => {
  const closed = must(closeCheckout(attemptIn('declined'), as, at)).purchase;
  for (const [captured, kind] of [
    [undefined, 'void'],
    [total, 'refund'],
  ] as const) {
    const step = must(heard(closed, authorization(total, captured)));
    const back = saleOf(step.purchase).movements.at(-1);
    expect(back).toMatchObject({ kind, stray: true, state: 'prepared', amount: total });
    expect([step.purchase.checkout.state, saleOf(step.purchase).order.state]).toEqual([as, 'canceled']);
  }
});

it('the second of two successes goes back', () => {
  const first = attemptIn('declined');
  const second = tried(first);
  const paid = must(heard(second, authorization())).purchase;
  const step = must(heard(paid, authorization(), attemptOf(first).id));
  const movements = saleOf(step.purchase).movements;
  expect(movements).toMatchObject([{ kind: 'void', stray: true, attemptId: attemptOf(first).id }]);
  expect(saleOf(step.purchase).payment.authorized).toBe(1000n);
});

it('money for an amount that has changed since goes back, and the new amount can be paid', () => {
  const first = attemptIn('declined');
  const cheaper = { ...first, checkout: { ...first.checkout, total: eur(900n) } };
  const late = must(heard(cheaper, authorization(total, total)));
  expect(late.events).toMatchObject([{ type: 'payment.unwanted', data: { because: 'amount_changed' } }]);
  const second = must(beginAttempt(late.purchase, planned({ amount: eur(900n) }), at)).purchase;
  const paid = must(heard(second, authorization(eur(900n))));
  expect(paid.events.map(({ type }) => type)).toEqual(['order.authorized']);
});

it('a second attempt waits until the first is known to have ended', () => {
  for (const state of states.filter((each) => isLive(attemptOf(attemptIn(each)))))
    expect(beginAttempt(attemptIn(state), planned(), at)).toMatchObject({ refused: 'checkout_processing' });
  for (const state of ['declined', 'failed', 'canceled'] as const)
    expect(isRefusal(beginAttempt(attemptIn(state), planned(), at))).toBe(false);
});

it('a checkout takes no payment after it has expired, by its state or by the clock', () => {
  expect(beginAttempt(openCheckout({ expiresAt: at }), planned(), at)).toMatchObject({
    refused: 'checkout_expired',
  });
  expect(beginAttempt(openCheckout({ state: 'expired' }), planned(), at)).toMatchObject({
    refused: 'checkout_expired',
  });
});

describe('whatever comes, in whatever order, as often as it likes', () => {
  const oneNews = fc.constantFrom(...news).map((name) => attemptNews[name]);
  const told = (outcomes: readonly (typeof attemptNews)[keyof typeof attemptNews][]): Purchase =>
    outcomes.reduce((now, outcome) => heard(now, outcome)?.purchase ?? now, tried());

  it('a state changes along declared edges only, in all four tables', () => {
    fc.assert(
      fc.property(fc.array(oneNews, { maxLength: 12 }), (outcomes) => {
        let now = tried();
        for (const outcome of outcomes) {
          const next = heard(now, outcome)?.purchase ?? now;
          const pairs = [
            [checkoutTransitions, now.checkout.state, next.checkout.state],
            [orderTransitions, saleOf(now).order.state, saleOf(next).order.state],
            [paymentTransitions, saleOf(now).payment.state, saleOf(next).payment.state],
            [attemptTransitions, attemptOf(now).state, attemptOf(next).state],
          ] as const;
          for (const [table, from, to] of pairs) {
            const edges = (table as Record<string, readonly string[]>)[from];
            if (from !== to) expect(edges).toContain(to);
          }
          now = next;
        }
      }),
    );
  });

  it('news twice is news once', () => {
    fc.assert(
      fc.property(fc.array(oneNews, { maxLength: 8 }), oneNews, (before, outcome) => {
        const once = told([...before, outcome]);
        expect(heard(once, outcome)?.purchase ?? once).toEqual(once);
      }),
    );
  });

  it('once the PSP has said that it has the money, no other news takes it back', () => {
    fc.assert(
      fc.property(
        fc.array(oneNews, { maxLength: 8 }),
        fc.array(oneNews, { maxLength: 8 }),
        (before, after) => {
          const paid = told([...before, attemptNews.authorized]);
          const later = after.reduce((now, outcome) => heard(now, outcome)?.purchase ?? now, paid);
          expect(attemptOf(later)).toEqual(attemptOf(paid));
          expect(saleOf(later).payment).toEqual(saleOf(paid).payment);
        },
      ),
    );
  });

  it('the events of an order are numbered without gaps', () => {
    fc.assert(
      fc.property(fc.array(oneNews, { maxLength: 12 }), (outcomes) => {
        let events = 1;
        let now = tried();
        for (const outcome of outcomes) {
          const step = heard(now, outcome);
          events += step?.events.length ?? 0;
          now = step?.purchase ?? now;
          expect(saleOf(now).order.eventCount).toBe(events);
        }
      }),
    );
  });

  it('nothing is captured that was not authorised, and nothing moves by itself but what goes back', () => {
    fc.assert(
      fc.property(fc.array(oneNews, { maxLength: 12 }), (outcomes) => {
        const { payment, movements } = saleOf(told(outcomes));
        expect(payment.captured <= payment.authorized && payment.authorized <= 1000n).toBe(true);
        expect(movements.filter((each) => isMoving(each) && !each.stray)).toEqual([]);
      }),
    );
  });
});
