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
  const endpoint = await webhooks.rotate(merchantId, id, clock() + overlapMs);
  if (endpoint === null) return refuse('not_found', 'There is no such endpoint.');
  return { endpoint, secret: calls.secretOf(id, endpoint.secretNumber) };
}
