import { toEnvelope } from '../domain/events/envelope.ts';
import { type WebhookEndpoint, waitAfter } from '../domain/events/webhook-endpoint.ts';
import type { WebhookAnswer, WebhookCalls } from '../events/sink.ts';
import type { DueWebhook } from '../store/store.ts';
import type { Deps } from './deps.ts';

/** Calls an endpoint with one event, keeps what it answered, and decides when to try again or to stop. */
export async function relayWebhook(
  {
    store: { webhooks },
    clock,
    newId,
    calls,
    random,
  }: Pick<Deps, 'store' | 'clock' | 'newId' | 'calls'> & { readonly random: () => number },
  due: DueWebhook,
): Promise<void> {
  const { endpoint, event, tries } = due;
  const at = clock();
  const answer = await calls.post({
    url: endpoint.url,
    id: event.id,
    at,
    body: JSON.stringify(toEnvelope(event)),
    secrets: secretsOf(calls, endpoint, at),
    ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
  });
  const attempt = {
    at,
    durationMs: Math.max(0, clock() - at),
    status: answer.status,
    outcome: outcomeOf(answer),
  };
  if (attempt.outcome === 'delivered') return webhooks.conclude(due, attempt, { state: 'delivered' });

  const disable = (because: 'gone' | 'failing') =>
    webhooks.disable(endpoint, because, { id: newId('evt'), at: clock() });
  const waitMs = waitAfter(tries, random(), retryAfterMs(answer));
  await webhooks.conclude(due, attempt, waitMs === null ? { state: 'given_up' } : { state: 'open', waitMs });
  // A whole schedule without one success of any event: nobody is there.
  if (answer.status === 410) await disable('gone');
  else if (waitMs === null && due.failingThroughout) await disable('failing');
}

function secretsOf(calls: WebhookCalls, endpoint: WebhookEndpoint, at: number): string[] {
  const { id, secretNumber, oldSecretUntil } = endpoint;
  const old = oldSecretUntil !== null && at < oldSecretUntil ? [calls.secretOf(id, secretNumber - 1)] : [];
  return [calls.secretOf(id, secretNumber), ...old];
}

function outcomeOf(answer: WebhookAnswer): string {
  if (answer.status === null) return answer.because;
  if (answer.status >= 200 && answer.status < 300) return 'delivered';
  if (answer.status >= 300 && answer.status < 400) return 'answered with a redirect, which is not followed';
  return `answered ${answer.status}`;
}

/** Only those who say that they are busy may choose when we come back. */
function retryAfterMs(answer: WebhookAnswer): number {
  const busy = answer.status !== null && [429, 502, 503, 504].includes(answer.status);
  return busy ? answer.retryAfterMs : 0;
}
