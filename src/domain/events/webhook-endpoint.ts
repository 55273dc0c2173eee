import type { MerchantId, WebhookEndpointId } from '../../kernel/ids.ts';
import { type Instant, hourMs, minuteMs, secondMs } from '../../kernel/instant.ts';
import type { EventFact, EventType } from './event.ts';

/** Where a merchant wants to be told. */
export type WebhookEndpoint = {
  readonly id: WebhookEndpointId;
  readonly merchantId: MerchantId;
  readonly url: string;
  /** What is sent here; empty means everything. */
  readonly types: readonly EventType[];
  readonly description: string;
  /** Which of the derived secrets signs; rotation adds one. */
  readonly secretNumber: number;
  /** Until then the secret before signs as well. */
  readonly oldSecretUntil: Instant | null;
  readonly createdAt: Instant;
} & WebhookEndpointState;

export type WebhookEndpointState =
  | { readonly state: 'enabled' }
  /** By the merchant, by a 410, or by a whole schedule without one success; the merchant enables it again. */
  | { readonly state: 'disabled'; readonly because: DisabledBecause };

export type DisabledBecause = Extract<EventFact, { type: 'webhook_endpoint.disabled' }>['data']['because'];

/** The waits before each try, published in docs/events/README.md. Source: the example of Standard Webhooks 1.0.0. */
export const retryScheduleMs: readonly number[] = [
  0,
  5 * secondMs,
  5 * minuteMs,
  30 * minuteMs,
  2 * hourMs,
  5 * hourMs,
  10 * hourMs,
  14 * hourMs,
  20 * hourMs,
  24 * hourMs,
];

/** Up to a fifth later than published, so that what failed together does not come back together. */
const jitter = 0.2;

/** How long to wait after the try of this number failed; null when it was the last. `random` is in [0, 1). */
export function waitAfter(tries: number, random: number, retryAfterMs = 0): number | null {
  const wait = retryScheduleMs[tries];
  return wait === undefined ? null : Math.max(wait * (1 + jitter * random), retryAfterMs);
}
