import type { Purchase } from '../domain/purchase/purchase.ts';
import { type Refusal, refuse } from '../domain/refusal.ts';
import type { CheckoutId, MerchantId } from '../kernel/ids.ts';
import { concludeQuietly, subjectOf } from './authorize-attempt.ts';
import type { Deps } from './deps.ts';

export type ReturnAsk = {
  readonly merchantId: MerchantId;
  readonly checkoutId: CheckoutId;
  /** The query the PSP sent the browser back with. Unauthenticated: it only helps the PSP find its session. */
  readonly brought: Readonly<Record<string, string>>;
};

/**
 * The buyer came back from 3-D Secure. What the browser says is not believed; the PSP is asked. Coming back twice, or
 * after the webhook, changes nothing.
 */
export async function completeAction(deps: Deps, ask: ReturnAsk): Promise<Purchase | Refusal> {
  const purchase = await deps.store.purchases.find(ask.merchantId, ask.checkoutId);
  if (purchase === null) return refuse('not_found', 'There is no such checkout.');
  const attempt = purchase.sale?.attempts.at(-1);
  if (attempt?.state !== 'requires_action') return purchase;
  const account = deps.psps.find(attempt.psp, attempt.pspAccount);
  if (account === null) return purchase;
  const outcome = await account.psp.completeAction(subjectOf(purchase, attempt), ask.brought);
  const concluded = await concludeQuietly(deps, purchase, attempt.id, outcome);
  return concluded?.purchase ?? purchase;
}
