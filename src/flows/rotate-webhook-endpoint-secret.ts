import { type Refusal, refuse } from '../domain/refusal.ts';
import type { MerchantId, WebhookEndpointId } from '../kernel/ids.ts';
import type { WebhookEndpointWithSecret } from './create-webhook-endpoint.ts';
import type { Deps } from './deps.ts';

/** Makes a new secret; until `overlapMs` are over, messages carry a signature of the old one as well. */
export async function rotateWebhookEndpointSecret(
  { store: { webhooks }, calls, clock }: Deps,
  merchantId: MerchantId,
  id: WebhookEndpointId,
  overlapMs: number,
): Promise<WebhookEndpointWithSecret | Refusal> {
  const before = await webhooks.find(merchantId, id);
  if (before === null) return refuse('not_found', 'There is no such endpoint.');
  const endpoint = {
    ...before,
    secretNumber: before.secretNumber + 1,
    oldSecretUntil: clock() + overlapMs,
  };
  await webhooks.save(endpoint);
  return { endpoint, secret: calls.secretOf(id, endpoint.secretNumber) };
}
