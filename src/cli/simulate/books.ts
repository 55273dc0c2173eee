import { orderTransitions, type OrderState } from '../../domain/checkout/order.ts';
import { type Movement, type MovementKind, isMoving } from '../../domain/payment/movement.ts';
import type { CheckoutId } from '../../kernel/ids.ts';
import type { Audited } from '../../store/audit.ts';
import type { Change } from '../../store/store.ts';
import type { View } from './render.ts';

export type Blame = (invariant: string, what: string) => void;

/**
 * The simulation's own books, kept beside the service's: what was written, change by change, and what shops were told.
 * They know a promise that was broken in between even where the end is right again.
 */
export type Books = {
  readonly saved: (change: Change) => void;
  readonly told: (view: View) => void;
  /** Holds a purchase as it ended against what its shop was told (I3). */
  readonly compare: (audited: Audited) => void;
};

export function openBooks(blame: Blame): Books {
  const movements = new Map<CheckoutId, Map<string, Movement>>();
  const replies = new Map<CheckoutId, View[]>();

  return {
    saved: ({ after: { checkout, sale } }) => {
      if (sale === undefined) return;
      const known = movements.get(checkout.id) ?? new Map<string, Movement>();
      movements.set(checkout.id, known);
      for (const movement of sale.movements) known.set(movement.id, movement);
      const { authorized, captured, refunded, state } = sale.payment;
      if (state === 'quarantined') return;
      const counted = [...known.values()].filter(({ stray }) => !stray);
      const moved = (kind: MovementKind) =>
        sum(counted.filter(succeeded).filter((each) => each.kind === kind));
      const moving = (kind: MovementKind) =>
        sum(counted.filter(isMoving).filter((each) => each.kind === kind));
      const expect = (invariant: string, isTrue: boolean, what: string) => {
        if (!isTrue) blame(invariant, `${checkout.id}: ${what}`);
      };
      expect('I1', captured === moved('capture'), `${captured} counts as captured, ${moved('capture')} is`);
      expect('I1', refunded === moved('refund'), `${refunded} counts as refunded, ${moved('refund')} is`);
      expect('I1', captured + moving('capture') <= authorized, 'more is being captured than was authorised');
      expect('I1', refunded + moving('refund') <= captured, 'more is being refunded than was captured');
    },
    told: (view) => {
      replies.set(view.checkoutId, [...(replies.get(view.checkoutId) ?? []), view]);
    },
    compare: ({ purchase: { checkout, sale } }) => {
      const lost = (what: string): void => blame('I3', `${checkout.id}: the shop was told ${what}`);
      const takenBack = sale?.movements.some((each) => each.state === 'failed' && each.reversed);
      for (const { order, payment } of replies.get(checkout.id) ?? []) {
        if (order === undefined || payment === undefined) continue;
        if (sale === undefined) lost(`of an order that is not here`);
        else if (!reaches(order, sale.order.state)) lost(`${order}, and the order is ${sale.order.state}`);
        else if (takenBack !== true && BigInt(payment.captured) > sale.payment.captured)
          lost(`that ${payment.captured} was captured, and ${sale.payment.captured} is`);
      }
    },
  };
}

function sum(movements: readonly Movement[]): bigint {
  return movements.reduce((total, { amount }) => total + amount.amount, 0n);
}

function succeeded({ state }: Movement): boolean {
  return state === 'succeeded';
}

/** Whether declared edges lead from one state to the other. */
function reaches(from: OrderState, to: OrderState): boolean {
  return from === to || orderTransitions[from].some((next) => reaches(next, to));
}
