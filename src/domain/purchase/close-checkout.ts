import type { Instant } from '../../kernel/instant.ts';
import { type Refusal, refuse } from '../refusal.ts';
import type { Purchase } from './purchase.ts';
import { type Step, orderData, step } from './step.ts';

/** Ends a checkout that nobody will pay: canceled by the shop, or expired. Its order, if any, is canceled with it. */
export function closeCheckout(purchase: Purchase, as: 'canceled' | 'expired', at: Instant): Step | Refusal {
  const { checkout, sale } = purchase;
  if (checkout.state !== 'open') {
    return checkout.state === 'processing' || checkout.state === 'requires_action'
      ? refuse('checkout_processing', 'A payment of this checkout is still under way.')
      : refuse('checkout_not_open', `The checkout is ${checkout.state}.`);
  }
  const closed = { ...checkout, state: as };
  if (sale === undefined) return step({ checkout: closed }, { journal: [], events: [] });
  // What a PSP holds against its word is not forgotten with the checkout: a person still has to look.
  const state = sale.payment.state === 'quarantined' ? ('quarantined' as const) : ('canceled' as const);
  const after = {
    ...sale,
    order: { ...sale.order, state: 'canceled' as const, changedAt: at },
    payment: { ...sale.payment, state, changedAt: at },
  };
  return step(
    { checkout: closed, sale: after },
    {
      journal: [
        {
          subject: sale.payment.id,
          at,
          from: sale.payment.state,
          to: state,
          because: `the checkout is ${as}`,
        },
      ],
      events: [{ type: 'order.canceled', data: orderData(checkout.id, after) }],
    },
  );
}
