import { Agent, request as httpRequest } from 'node:http';
import { Agent as TlsAgent, request as httpsRequest } from 'node:https';

/** One message for one address. The headers are made anew for each try, because signatures carry the time. */
type Delivery = {
  readonly url: string;
  readonly body: string;
  headers(): Record<string, string>;
};

export type WebhookSender = {
  send(delivery: Delivery): void;
  close(): void;
};

/** Enough to keep a receiver busy, few enough to leave this process to its callers. */
const socketsMax = 16;
const timeoutMs = 10_000;

/** Sends in the background, in order of arrival, retrying after each of the given pauses until a 2xx is heard. */
export function webhookSender(retryMs: readonly number[]): WebhookSender {
  const agents = {
    http: new Agent({ keepAlive: true, maxSockets: socketsMax }),
    https: new TlsAgent({ keepAlive: true, maxSockets: socketsMax }),
  };
  const timers = new Set<NodeJS.Timeout>();
  const queue: { delivery: Delivery; tries: number }[] = [];
  let head = 0;
  let flying = 0;
  let closed = false;

  function pump(): void {
    while (!closed && flying < socketsMax && head < queue.length) {
      const next = queue[head];
      head += 1;
      if (next !== undefined) attempt(next.delivery, next.tries);
    }
    if (head === queue.length || head > 1_024) {
      queue.splice(0, head);
      head = 0;
    }
  }

  function attempt(delivery: Delivery, tries: number): void {
    flying += 1;
    let over = false;
    const end = (heard: boolean) => {
      if (over) return;
      over = true;
      flying -= 1;
      const pause = retryMs[tries];
      if (!heard && pause !== undefined && !closed) {
        const timer = setTimeout(() => {
          timers.delete(timer);
          put(delivery, tries + 1);
        }, pause);
        timers.add(timer);
      }
      pump();
    };
    const tls = delivery.url.startsWith('https:');
    const outgoing = (tls ? httpsRequest : httpRequest)(
      delivery.url,
      {
        method: 'POST',
        agent: tls ? agents.https : agents.http,
        timeout: timeoutMs,
        headers: { ...delivery.headers(), 'content-length': Buffer.byteLength(delivery.body) },
      },
      (response) => {
        response.resume();
        response.once('close', () => end((response.statusCode ?? 500) < 300));
      },
    );
    outgoing.once('timeout', () => outgoing.destroy());
    outgoing.once('error', () => end(false));
    outgoing.end(delivery.body);
  }

  function put(delivery: Delivery, tries: number): void {
    if (closed) return;
    queue.push({ delivery, tries });
    // The answer of the request that caused the message goes out first.
    if (queue.length === head + 1) setImmediate(pump);
  }

  return {
    send: (delivery) => put(delivery, 0),
    close: () => {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}
