import type { Buyer, Checkout } from '../domain/checkout/checkout.ts';
import type { CaptureMode } from '../domain/payment/payment.ts';
import { step } from '../domain/purchase/step.ts';
import { dayMs } from '../kernel/instant.ts';
import type { Money } from '../kernel/money.ts';
import type { NewRequest, Reply } from '../domain/request.ts';
import { commit } from './commit.ts';
import type { Deps } from './deps.ts';
import { type Answer, earlier, fresh } from './answer.ts';

export type CreateCheckoutAsk = {
  readonly request: NewRequest;
  readonly total: Money;
  readonly captureMode: CaptureMode;
  readonly captureAfterMs?: number;
  readonly buyer: Buyer;
  readonly returnUrl?: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Made and hashed by the door: the secret itself never comes here. */
  readonly clientSecret: { readonly secret: string; readonly hash: string };
};

/** A buyer that comes back the next morning still finds the basket; nothing is reserved meanwhile. */
const openForMs = dayMs;

/** Records what a buyer is about to pay. No money moves. */
export async function createCheckout(deps: Deps, ask: CreateCheckoutAsk): Promise<Answer> {
  const at = deps.clock();
  const checkout: Checkout = {
    id: deps.newId('chk'),
    merchantId: ask.request.merchantId,
    state: 'open',
    total: ask.total,
    captureMode: ask.captureMode,
    ...(ask.captureAfterMs === undefined ? {} : { captureAfterMs: ask.captureAfterMs }),
    buyer: ask.buyer,
    ...(ask.returnUrl === undefined ? {} : { returnUrl: ask.returnUrl }),
    metadata: ask.metadata,
    clientSecretHash: ask.clientSecret.hash,
    createdAt: at,
    expiresAt: at + openForMs,
    version: 1,
  };
  let reply: Reply = { status: 0, body: '' };
  const created = await commit(
    deps,
    null,
    step({ checkout }, { journal: [], events: [] }),
    at,
    (purchase, events) => {
      reply = deps.render.checkout({
        purchase,
        assessment: null,
        events,
        clientSecret: ask.clientSecret.secret,
      });
      return { request: { replied: { ...ask.request, reply: { ...reply, status: 201 } } } };
    },
  );
  if (created.saved === 'saved') return fresh({ ...reply, status: 201 });
  return earlier(await deps.store.requests.find(ask.request), ask.request) ?? createCheckout(deps, ask);
}
