import { closeCheckout } from '../domain/purchase/close-checkout.ts';
import { isRefusal, refuse } from '../domain/refusal.ts';
import type { CheckoutId } from '../kernel/ids.ts';
import type { NewRequest, Reply } from '../domain/request.ts';
import { commit } from './commit.ts';
import type { Deps } from './deps.ts';
import { giveUpAction, stillPaying } from './give-up-action.ts';
import { type Answer, earlier, fresh } from './answer.ts';

/** Ends a checkout that will not be paid. A 3-D Secure action that the buyer has not finished is given up at the PSP first. */
export async function cancelCheckout(
  deps: Deps,
  ask: { readonly request: NewRequest; readonly checkoutId: CheckoutId },
): Promise<Answer> {
  const { purchase, request } = await deps.store.purchases.findForRequest(ask.request, ask.checkoutId);
  const known = earlier(request, ask.request);
  if (known !== null) return known;
  if (purchase === null) return refuse('not_found', 'There is no such checkout.');

  if (purchase.checkout.state === 'requires_action')
    return (await giveUpAction(deps, purchase)) ? cancelCheckout(deps, ask) : stillPaying;

  const at = deps.clock();
  const closed = closeCheckout(purchase, 'canceled', at);
  if (isRefusal(closed)) return closed;
  let reply: Reply = { status: 0, body: '' };
  const saved = await commit(deps, purchase, closed, at, (after, events) => {
    reply = deps.render.checkout({ purchase: after, assessment: null, events });
    return { request: { replied: { ...ask.request, reply } } };
  });
  return saved.saved === 'saved' ? fresh(reply) : cancelCheckout(deps, ask);
}
