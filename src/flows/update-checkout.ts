import { type CheckoutEdit, editCheckout } from '../domain/purchase/edit-checkout.ts';
import { isRefusal, refuse } from '../domain/refusal.ts';
import type { NewRequest, Reply } from '../domain/request.ts';
import type { CheckoutId } from '../kernel/ids.ts';
import { commit } from './commit.ts';
import type { Deps } from './deps.ts';
import { giveUpAction, stillPaying } from './give-up-action.ts';
import { type Answer, earlier, fresh } from './answer.ts';

export type UpdateAsk = {
  readonly request: NewRequest;
  readonly checkoutId: CheckoutId;
  readonly edit: CheckoutEdit;
};

/** Changes what is bought. A 3-D Secure action that the buyer has not finished was for another amount: it is given up. */
export async function updateCheckout(deps: Deps, ask: UpdateAsk): Promise<Answer> {
  const { purchase, request } = await deps.store.purchases.findForRequest(ask.request, ask.checkoutId);
  const known = earlier(request, ask.request);
  if (known !== null) return known;
  if (purchase === null) return refuse('not_found', 'There is no such checkout.');
  if (purchase.checkout.state === 'requires_action')
    return (await giveUpAction(deps, purchase)) ? updateCheckout(deps, ask) : stillPaying;

  const at = deps.clock();
  const edited = editCheckout(purchase, ask.edit, at);
  if (isRefusal(edited)) return edited;
  let reply: Reply = { status: 0, body: '' };
  const saved = await commit(deps, purchase, edited, at, (after, events) => {
    reply = deps.render.checkout({ purchase: after, assessment: null, events });
    return { request: { replied: { ...ask.request, reply } } };
  });
  return saved.saved === 'saved' ? fresh(reply) : updateCheckout(deps, ask);
}
