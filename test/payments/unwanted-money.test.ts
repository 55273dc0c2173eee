import { expect, it } from '@jest/globals';
import { closeCheckout } from '../../src/domain/purchase/close-checkout.ts';
import { concludeAttempt } from '../../src/domain/purchase/conclude-attempt.ts';
import { concludeMovement } from '../../src/domain/purchase/conclude-movement.ts';
import { isRefusal } from '../../src/domain/refusal.ts';
import { after, authorized, begun, eur } from './purchases.ts';

it('money that comes after the checkout was canceled is given back, and the events say so [F11.4]', () => {
  const declined = after(begun(), { kind: 'canceled', pspReference: 'pi_1' });
  const closed = closeCheckout(declined, 'canceled', 3);
  if (isRefusal(closed)) throw new Error(closed.detail);
  let made = 0;
  const late = concludeAttempt(closed.purchase, 'att_1', { ...authorized, captured: eur(1299n) }, 4, () => {
    made += 1;
    return `mov_${made}`;
  });
  expect(late?.events).toMatchObject([{ type: 'payment.unwanted', data: { because: 'checkout_closed' } }]);
  const back = late?.purchase.sale?.movements.find(({ kind }) => kind === 'refund');
  expect(back).toMatchObject({ state: 'prepared', stray: true, amount: eur(1299n) });
  if (late === null || back === undefined) throw new Error('nothing is given back');
  const outcome = { kind: 'succeeded', pspReference: 're_1', amount: eur(1299n) } as const;
  const given = concludeMovement(late.purchase, back.id, outcome, 5);
  expect(given?.events).toMatchObject([{ type: 'payment.reversed' }]);
  expect(given?.purchase.sale).toMatchObject({
    order: { state: 'canceled' },
    payment: { captured: 0n, refunded: 0n },
  });
});
