import type { EventType } from '../domain/events/event.ts';
import type { WebhookEndpoint } from '../domain/events/webhook-endpoint.ts';
import { type Refusal, refuse } from '../domain/refusal.ts';
import type { MerchantId } from '../kernel/ids.ts';
import type { Deps } from './deps.ts';

export type WebhookEndpointAsk = {
  readonly url: string;
  /** Empty: all. */
  readonly types: readonly EventType[];
  readonly description: string;
};

/** The secret is shown to whoever makes the endpoint, or rotates it, and to nobody else. */
export type WebhookEndpointWithSecret = { readonly endpoint: WebhookEndpoint; readonly secret: string };

/** Every event makes a row for every endpoint of its merchant: more than a few are a mistake in a loop. */
const endpointsMax = 50;

export async function createWebhookEndpoint(
  { store: { webhooks }, calls, clock, newId }: Deps,
  merchantId: MerchantId,
  ask: WebhookEndpointAsk,
): Promise<WebhookEndpointWithSecret | Refusal> {
  const why = calls.whyNotCallable(ask.url);
  if (why !== null) return refuse('webhook_url_refused', `The URL ${why}.`, '/url');
  if ((await webhooks.list(merchantId)).length >= endpointsMax)
    return refuse('webhook_endpoints_too_many', `A merchant has at most ${endpointsMax} endpoints.`);
  const endpoint: WebhookEndpoint = {
    ...ask,
    id: newId('whe'),
    merchantId,
    secretNumber: 1,
    oldSecretUntil: null,
    createdAt: clock(),
    state: 'enabled',
  };
  await webhooks.create(endpoint);
  return { endpoint, secret: calls.secretOf(endpoint.id, endpoint.secretNumber) };
}
