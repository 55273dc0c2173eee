import { Pool, type Dispatcher } from 'undici';

/** One HTTP request to the PSP, bodies as text. */
export type Exchange = {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'PATCH';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
};

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** Told after every exchange whether the PSP is there: it answered, and neither failed by itself nor turned us away. */
export type Heard = (answered: boolean) => void;

export type TransportConfig = {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Bounds the whole exchange: waiting for a connection, sending, and the last byte of the answer. */
  readonly timeoutMs: number;
  /** 64 calls of half a second each are more than the 100 a second that Stripe allows an account. */
  readonly connections?: number;
  readonly heard?: Heard;
};

export type Transport = {
  /** Answers whatever the PSP answered, errors included; throws `TransportFailure` when no whole answer was heard. */
  readonly exchange: (request: Exchange) => Promise<Answer>;
  readonly close: () => Promise<void>;
};

/**
 * No whole answer was heard. `sent` is false only when not one byte of the request was given to a socket.
 *
 * It has no `code` on purpose: Stripe's library repeats a request by itself, even with its retries off, when the error
 * says ECONNRESET or EPIPE.
 */
export class TransportFailure extends Error {
  readonly sent: boolean;

  constructor(sent: boolean, why: string, cause?: unknown) {
    super(why, { cause });
    this.sent = sent;
  }
}

/** A page of a hundred charges is about 500 kB; more than this is not an answer of a payment API. */
const answerBytesMax = 4_000_000;

/**
 * A pool of keep-alive connections to one origin. Both official libraries open connections by themselves far more slowly
 * (Adyen's makes a TLS handshake per call), so they are given this through their own extension points.
 */
export function openTransport({ origin, timeoutMs, connections = 64, heard }: TransportConfig): Transport {
  const pool = new Pool(origin, {
    connections,
    pipelining: 1,
    connect: { timeout: timeoutMs },
    maxResponseSize: answerBytesMax,
    // The deadline of the exchange is ours; undici's own timers would only add work.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    exchange: (request) =>
      new Promise((resolve, reject) => {
        let controller: Dispatcher.DispatchController | undefined;
        let answer: { status: number; headers: Record<string, string> } | undefined;
        let ended = false;
        const chunks: Buffer[] = [];
        const fail = (error: Error): void => {
          if (ended) return;
          ended = true;
          clearTimeout(deadline);
          heard?.(false);
          reject(new TransportFailure(controller !== undefined, reasonOf(error), error));
        };
        const late = new Error(`no answer in ${timeoutMs} ms`);
        const giveUp = (): void => {
          if (ended) return;
          controller?.abort(late);
          fail(late);
        };
        // After a stall of this process the answer may lie in the socket unread: it has one more turn to arrive.
        const deadline = setTimeout(() => setImmediate(giveUp), timeoutMs);
        const handler: Dispatcher.DispatchHandler = {
          onRequestStart: (started) => {
            // A connection came free after the deadline: nothing has been written yet, and nothing will be.
            if (ended) started.abort(new Error('too late'));
            else controller = started;
          },
          onResponseStart: (_controller, status, headers) => {
            answer = { status, headers: flat(headers) };
          },
          onResponseData: (_controller, chunk) => void chunks.push(chunk),
          onResponseEnd: () => {
            if (answer === undefined) {
              fail(new Error('an answer without a status'));
              return;
            }
            ended = true;
            clearTimeout(deadline);
            heard?.(answer.status < 500 && answer.status !== 429);
            const body = chunks.length === 1 ? String(chunks[0]) : Buffer.concat(chunks).toString();
            resolve({ ...answer, body });
          },
          onResponseError: (_controller, error) => fail(error),
        };
        try {
          pool.dispatch(
            {
              method: request.method,
              path: request.path,
              headers: request.headers,
              body: request.body ?? null,
            },
            handler,
          );
        } catch (error) {
          fail(error as Error);
        }
      }),
    close: () => pool.close(),
  };
}

function flat(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const single: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) single[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return single;
}

/** Node leaves the message of a connection error empty when several addresses were tried; its code still tells. */
function reasonOf(error: Error & { code?: string }): string {
  return error.message === '' ? (error.code ?? error.name) : error.message;
}
