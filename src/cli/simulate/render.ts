import type { CheckoutState } from '../../domain/checkout/checkout.ts';
import type { OrderState } from '../../domain/checkout/order.ts';
import type { Attempt, PspName } from '../../domain/payment/attempt.ts';
import type { PaymentState } from '../../domain/payment/payment.ts';
import type { Purchase } from '../../domain/purchase/purchase.ts';
import type { CheckoutView, Render } from '../../flows/deps.ts';
import type { CheckoutId } from '../../kernel/ids.ts';

/** What a simulated shop sees of a purchase; amounts in minor units. */
export type View = {
  readonly checkoutId: CheckoutId;
  readonly checkout: CheckoutState;
  readonly total: number;
  readonly order?: OrderState;
  readonly payment?: {
    readonly state: PaymentState;
    readonly authorized: number;
    readonly captured: number;
    readonly refunded: number;
  };
  /** The last attempt. */
  readonly attempt?: { readonly psp: PspName; readonly state: Attempt['state']; readonly reference: string };
  /** What the request emitted: replies to two requests are never the same bytes by accident. */
  readonly events: readonly string[];
};

export function viewOf({ checkout, sale }: Purchase, events: readonly string[] = []): View {
  const view = {
    checkoutId: checkout.id,
    checkout: checkout.state,
    total: Number(checkout.total.amount),
    events,
  };
  const last = sale?.attempts.at(-1);
  if (sale === undefined || last === undefined) return view;
  const { state, authorized, captured, refunded } = sale.payment;
  const amounts = {
    authorized: Number(authorized),
    captured: Number(captured),
    refunded: Number(refunded),
  };
  const reference = ('pspReference' in last ? last.pspReference : undefined) ?? '';
  return {
    ...view,
    order: sale.order.state,
    payment: { state, ...amounts },
    attempt: { psp: last.psp, state: last.state, reference },
  };
}

function replyOf({ purchase, events }: CheckoutView) {
  const view = viewOf(
    purchase,
    events.map(({ id, type }) => `${type} ${id}`),
  );
  return { status: 200, body: JSON.stringify(view) };
}

function notHere(): never {
  throw new Error('no simulated shop asks for this');
}

/** Replies as the simulated shops read them. */
export const render: Render = {
  checkout: replyOf,
  order: replyOf,
  assessment: notHere,
  label: notHere,
  customer: notHere,
  method: notHere,
};
