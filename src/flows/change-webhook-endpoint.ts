import type { WebhookEndpoint } from '../domain/events/webhook-endpoint.ts';
import { type Refusal, refuse } from '../domain/refusal.ts';
import type { MerchantId, WebhookEndpointId } from '../kernel/ids.ts';
import type { WebhookEndpointAsk } from './create-webhook-endpoint.ts';
import type { Deps } from './deps.ts';

export type WebhookEndpointChange = Partial<WebhookEndpointAsk> & {
  readonly state?: 'enabled' | 'disabled';
};

/** Deliveries that were open when an endpoint was disabled go on when it is enabled, in their order. */
export async function changeWebhookEndpoint(
  { store: { webhooks }, calls, clock, newId, trace }: Deps,
  merchantId: MerchantId,
  id: WebhookEndpointId,
  { state, ...change }: WebhookEndpointChange,
): Promise<WebhookEndpoint | Refusal> {
  const missing = refuse('not_found', 'There is no such endpoint.');
  const why = change.url === undefined ? null : calls.whyNotCallable(change.url);
  if (why !== null) return refuse('webhook_url_refused', `The URL ${why}.`, '/url');
  if (!(await webhooks.change(merchantId, id, change))) return missing;
  if (state === 'enabled') await webhooks.enable(merchantId, id);
  if (state === 'disabled') {
    const event = { id: newId('evt'), at: clock(), traceparent: trace?.traceparent };
    await webhooks.disable({ merchantId, id }, 'by_request', event);
  }
  return (await webhooks.find(merchantId, id)) ?? missing;
}
