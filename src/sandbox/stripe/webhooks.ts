import { createHmac } from 'node:crypto';
import type { WebhookSender } from '../webhook-sender.ts';
import type { Account, StripeEvent } from './account.ts';
import type { WebhookEndpoint } from './objects/webhook-endpoint.ts';

/** The `Stripe-Signature` header: the time and an HMAC over it and the exact bytes of the body. */
export function signature(secret: string, body: string, timestamp: number): string {
  const v1 = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return `t=${timestamp},v1=${v1}`;
}

/** How a test wants events delivered: at once, or not before it says so; once or several times. */
type DeliveryMode = { hold: boolean; copies: number };

type HeldEvent = { readonly account: Account; readonly event: StripeEvent };

export type Webhooks = {
  readonly mode: DeliveryMode;
  /** Events kept back while `hold` is on, in order of creation. */
  readonly held: HeldEvent[];
  publish(account: Account, events: readonly StripeEvent[]): void;
  deliver(account: Account, event: StripeEvent): void;
};

/** Sends each event to the account's endpoints that asked for its type. */
export function webhooks(sender: WebhookSender): Webhooks {
  const mode: DeliveryMode = { hold: false, copies: 1 };
  const held: HeldEvent[] = [];

  function deliver(account: Account, event: StripeEvent): void {
    let body: string | undefined;
    for (const endpoint of endpointsFor(account, event)) {
      const text = (body ??= JSON.stringify(event));
      sender.send({
        url: endpoint.url,
        body: text,
        headers: () => ({
          'content-type': 'application/json; charset=utf-8',
          'user-agent': 'Stripe/1.0 (stand-in; no money moves)',
          'stripe-signature': signature(endpoint.secret, text, Math.floor(Date.now() / 1_000)),
        }),
      });
    }
  }

  return {
    mode,
    held,
    deliver,
    publish: (account, events) => {
      for (const event of events) {
        if (mode.hold) held.push({ account, event });
        else for (let copy = 0; copy < mode.copies; copy += 1) deliver(account, event);
      }
    },
  };
}

export function endpointsFor(account: Account, event: StripeEvent): WebhookEndpoint[] {
  return [...account.tables.webhook_endpoint.values()].filter(
    ({ status, enabled_events }) =>
      status === 'enabled' && (enabled_events.includes('*') || enabled_events.includes(event.type)),
  );
}
