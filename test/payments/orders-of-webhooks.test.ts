import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AttemptOutcome, MovementOutcome } from '../../src/domain/payment/outcome.ts';
import { beginMovement } from '../../src/domain/purchase/begin-movement.ts';
import { concludeAttempt } from '../../src/domain/purchase/conclude-attempt.ts';
import { concludeMovement } from '../../src/domain/purchase/conclude-movement.ts';
import type { Purchase } from '../../src/domain/purchase/purchase.ts';
import { isRefusal } from '../../src/domain/refusal.ts';
import { showFigure } from '../harness/figure.ts';
import { eventually } from '../harness/service.ts';
import { authorized, begun, eur, permutations, reserved } from './purchases.ts';
import { type TwoPsps, pspReferenceOf, startWithTwoPsps } from './two-psps.ts';

type Message =
  | { readonly about: 'attempt'; readonly outcome: AttemptOutcome }
  | { readonly about: 'movement'; readonly id: string; readonly outcome: MovementOutcome };

/** Everything but when it changed and how many were said, which do depend on the order. */
function end({ checkout, sale }: Purchase): unknown {
  return {
    checkout: checkout.state,
    order: sale?.order.state,
    payment: sale && { ...sale.payment, changedAt: 0, createdAt: 0 },
    attempts: sale?.attempts.map(({ state }) => state),
    movements: sale?.movements.map(({ kind, state, stray }) => `${kind} ${state} ${stray}`).sort(),
  };
}

function hear(purchase: Purchase, messages: readonly Message[]): unknown {
  let now = purchase;
  for (const [at, message] of messages.entries()) {
    const step =
      message.about === 'attempt'
        ? concludeAttempt(now, 'att_1', message.outcome, at + 10, () => `mov_${at}`)
        : concludeMovement(now, message.id, message.outcome, at + 10);
    if (step !== null) now = step.purchase;
  }
  return end(now);
}

const attempt = (outcome: AttemptOutcome): Message => ({ about: 'attempt', outcome });
const pspReference = 'pi_1';
const action = { kind: 'redirect', url: 'https://issuer.example' } as const;

describe('seven messages about one payment', () => {
  const told: Message[] = [
    attempt({ kind: 'unknown', cause: 'timeout' }),
    attempt({ kind: 'pending', pspReference }),
    attempt({ kind: 'requires_action', pspReference, action }),
    attempt({ kind: 'declined', pspReference, decline: { code: 'processing_error', raw: 'x' }, card: {} }),
    attempt({ ...authorized, captured: eur(1299n) }),
    attempt({ ...authorized, captured: eur(1299n) }),
    attempt({ kind: 'canceled', pspReference }),
  ];

  it('end in one state in all 5,040 orders [F4.2]', () => {
    const orders = permutations(told);
    const ends = new Set(orders.map((each) => JSON.stringify(hear(begun(), each), replacer)));
    expect(orders).toHaveLength(5_040);
    expect([...ends]).toHaveLength(1);
    expect(JSON.parse([...ends][0] ?? '')).toMatchObject({
      checkout: 'completed',
      order: 'captured',
      payment: { captured: '1299' },
    });
    showFigure(`webhooks of one payment: ${orders.length} orders of 7, ${ends.size} end`);
  });

  it('about its captures and refund end in one state in all 5,040 orders [F4.2]', () => {
    const whole = reserved();
    const capture = beginMovement(
      whole,
      { id: 'mov_a', kind: 'capture', amount: eur(700n), final: false },
      3,
    );
    const more = isRefusal(capture)
      ? capture
      : beginMovement(capture.purchase, { id: 'mov_b', kind: 'capture' }, 4);
    if (isRefusal(more)) throw new Error(more.detail);
    const moved = (id: string, amount: bigint): Message => ({
      about: 'movement',
      id,
      outcome: { kind: 'succeeded', pspReference: id, amount: eur(amount) },
    });
    const waiting = (id: string): Message => ({
      about: 'movement',
      id,
      outcome: { kind: 'pending', pspReference: id },
    });
    const messages = [
      waiting('mov_a'),
      moved('mov_a', 700n),
      moved('mov_a', 700n),
      waiting('mov_b'),
      moved('mov_b', 599n),
      moved('mov_b', 599n),
      attempt(authorized),
    ];
    const orders = permutations(messages);
    const ends = new Set(orders.map((each) => JSON.stringify(hear(more.purchase, each), replacer)));
    expect(orders).toHaveLength(5_040);
    expect([...ends].map((each) => JSON.parse(each) as unknown)).toMatchObject([
      { order: 'captured', payment: { captured: '1299' } },
    ]);
    showFigure(`webhooks of its movements: ${orders.length} orders of 7, ${ends.size} end`);
  });
});

function replacer(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

describe('on the real store', () => {
  let shop: TwoPsps;
  beforeAll(async () => {
    shop = await startWithTwoPsps();
  });
  afterAll(() => shop.close());

  it('a sample of orders, shuffled and doubled by the PSP, ends captured once and balanced [F4.1][F4.2]', async () => {
    const samples = 12;
    await shop.script('POST', 'webhooks', { shuffle: true, copies: 2 });
    for (let n = 0; n < samples; n += 1) {
      const paid = await shop.pay({ payment_method: 'pm_card_visa' });
      expect(paid.body).toMatchObject({ status: 'completed' });
      expect(pspReferenceOf(paid)).toMatch(/^pi_/);
    }
    await eventually(async () => {
      const [row] = await shop.query(`select count(*)::int as open from deliveries where state = 'received'`);
      return row?.['open'] === 0;
    });
    const [row] = await shop.query(
      `select count(*)::int as captured from payments where state = 'captured' and captured = 1299`,
    );
    expect(row).toEqual({ captured: samples });
    expect((await shop.audit()).violations).toEqual([]);
    const [received] = await shop.query('select count(*)::int as n from deliveries');
    showFigure(`on the real store: ${samples} payments, ${String(received?.['n'])} webhooks, one end`);
  });
});
