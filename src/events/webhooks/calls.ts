import { Agent, request } from 'undici';
import type { WebhookAnswer, WebhookCall, WebhookCalls } from '../sink.ts';
import { type Allowed, type Resolve, publicLookup, whyNotCallable } from './address.ts';
import { signedHeaders, webhookSecrets } from './signature.ts';

export type WebhookCallsSettings = {
  readonly installationSecret: string;
  readonly allowed: Allowed;
  /** Bounds the whole call, the answer's last byte included. Standard Webhooks recommends 15 to 30 s. */
  readonly timeoutMs: number;
  readonly resolve?: Resolve;
};

/** An answer's body is read only so that the connection can be used again; who sends more loses it. */
const answerBytesMax = 16_384;

/** No Retry-After can delay a delivery for longer than the longest wait of the schedule. */
const retryAfterMsMax = 86_400_000;

export function webhookCalls({
  installationSecret,
  allowed,
  timeoutMs,
  resolve,
}: WebhookCallsSettings): WebhookCalls & {
  readonly close: () => Promise<void>;
} {
  const agent = new Agent({
    connect: { lookup: publicLookup(allowed, resolve), timeout: 5_000 },
    // Many endpoints may live at one origin, where a limit would let one wait for another: the worker counts instead.
    connections: null,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  const post = async ({ url, id, at, body, secrets, traceparent }: WebhookCall): Promise<WebhookAnswer> => {
    // Looked at again: the settings may have become stricter since the endpoint was made.
    const whyNot = whyNotCallable(url, allowed);
    if (whyNot !== null) return { status: null, because: `the URL ${whyNot}` };
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const answer = await request(url, {
        method: 'POST',
        headers: {
          ...signedHeaders(id, at, body, secrets),
          'content-type': 'application/cloudevents+json; charset=utf-8',
          'user-agent': 'Tillgate',
          ...(traceparent === undefined ? {} : { traceparent }),
        },
        body,
        dispatcher: agent,
        signal,
      });
      await answer.body.dump({ limit: answerBytesMax, signal }).catch(() => undefined);
      return { status: answer.statusCode, retryAfterMs: retryAfter(answer.headers['retry-after'], at) };
    } catch (error) {
      return { status: null, because: describe(error) };
    }
  };
  return {
    secretOf: webhookSecrets(installationSecret),
    whyNotCallable: (url) => whyNotCallable(url, allowed),
    post,
    close: () => agent.destroy(),
  };
}

/** Seconds or an HTTP date (RFC 9110); 0 when there is none. */
function retryAfter(header: string | string[] | undefined, at: number): number {
  if (typeof header !== 'string') return 0;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - at;
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), retryAfterMsMax) : 0;
}

/** The code of the failure, never its text: that may repeat what a stranger's server or resolver said. */
function describe(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'no whole answer in time';
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return code === 'EADDRREFUSED' ? 'the name does not lead to a public address' : `no answer (${code})`;
}
