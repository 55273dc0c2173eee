import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';

/** What one step of a checkout needs to be driven over HTTP. */
export type Api = {
  readonly post: (path: string, body: object) => Promise<Reply>;
  readonly get: (path: string) => Promise<Reply>;
  readonly close: () => Promise<void>;
};

export type Reply = { readonly status: number; readonly body: Record<string, unknown> };

/** A keep-alive client of a running service. Every POST gets an Idempotency-Key of its own. */
export function openApi(api: string, key: string, connections: number): Api {
  const pool = new Pool(api, { connections, pipelining: 1 });
  const run = Math.random().toString(36).slice(2);
  let count = 0;
  const ask = async (method: 'GET' | 'POST', path: string, body?: object): Promise<Reply> => {
    const { statusCode, body: answer } = await pool.request({
      method,
      path,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && {
          'content-type': 'application/json',
          'idempotency-key': `${run}-${(count += 1)}`,
        }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: statusCode, body: (await answer.json()) as Record<string, unknown> };
  };
  return {
    post: (path, body) => ask('POST', path, body),
    get: (path) => ask('GET', path),
    close: () => pool.close(),
  };
}

/** Runs `work` over and over on `lanes` lanes until the time is up. Answers how many ended, and how many failed. */
export async function drive(
  lanes: number,
  seconds: number,
  work: (lane: number) => Promise<void>,
): Promise<{ done: number; errors: number; seconds: number; firstError: unknown }> {
  const began = performance.now();
  const until = began + seconds * 1000;
  let done = 0;
  let errors = 0;
  let firstError: unknown;
  const lane = async (index: number): Promise<void> => {
    while (performance.now() < until) {
      try {
        await work(index);
        done += 1;
      } catch (error) {
        firstError ??= error;
        errors += 1;
        await sleep(10);
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, (_, index) => lane(index)));
  return { done, errors, seconds: (performance.now() - began) / 1000, firstError };
}

/** The value below which this share of the samples lies, to a hundredth. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
  return Math.round(value * 100) / 100;
}
