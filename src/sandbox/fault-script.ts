import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { unreachable } from '../kernel/unreachable.ts';
import { send, type Answer } from './answer.ts';

/**
 * One thing that goes wrong, as a test posts it to `/_sandbox/faults`.
 *
 * `when` says on which side of the money it happens: `before` means that nothing was executed or remembered, `after`
 * means that the PSP did its part and only the answer suffers. `path` may hold `*`. Of the matching requests the
 * `nth` (from 1) and those after it are hit, `times` of them.
 */
export const faultSchema = z.strictObject({
  match: z
    .strictObject({
      method: z.string().optional(),
      path: z.string().optional(),
      key: z.string().optional(),
      token: z.string().optional(),
      metadata: z.record(z.string(), z.string()).optional(),
      nth: z.int().min(1).default(1),
    })
    .default({ nth: 1 }),
  when: z.enum(['before', 'after']).default('after'),
  do: z.enum([
    'hang',
    'error',
    'reset',
    'reset_in_body',
    'truncate',
    'html',
    'rate_limit',
    'lock_timeout',
    'delay',
    'drip',
    'redirect',
    'alter',
  ]),
  times: z.int().min(1).default(1),
  /** How long a delay or a drip takes, and when a hanging connection is let go. */
  ms: z.int().min(0).default(30_000),
  /** Replaces the status that the fault usually answers with. */
  status: z.int().min(200).max(599).optional(),
  retry_after: z.int().min(0).default(1),
  location: z.string().default('/'),
  /** The fields of the answer that `alter` replaces. */
  set: z.record(z.string(), z.unknown()).default({}),
});

export type Fault = z.output<typeof faultSchema>;

/** What a fault may look at. The token and the metadata may come from what the request refers to. */
export type Facts = {
  readonly method: string;
  readonly path: string;
  readonly key: string | undefined;
  readonly token: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
};

export type FaultScript = {
  add(fault: Fault): void;
  clear(): void;
  /** The fault that this request meets, if any. The facts are only gathered while a script is set. */
  take(facts: () => Facts): Fault | undefined;
  list(): readonly { fault: Fault; seen: number }[];
};

export function faultScript(): FaultScript {
  let entries: { fault: Fault; path: RegExp; seen: number }[] = [];
  return {
    add: (fault) => {
      const glob = (fault.match.path ?? '*').replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
      entries.push({ fault, path: new RegExp(`^${glob}$`), seen: 0 });
    },
    clear: () => {
      entries = [];
    },
    take: (gather) => {
      if (entries.length === 0) return undefined;
      const facts = gather();
      for (const entry of entries) {
        const { match, times } = entry.fault;
        const met =
          (match.method === undefined || match.method === facts.method) &&
          entry.path.test(facts.path) &&
          (match.key === undefined || match.key === facts.key) &&
          (match.token === undefined || match.token === facts.token) &&
          Object.entries(match.metadata ?? {}).every(([name, value]) => facts.metadata[name] === value);
        if (!met) continue;
        entry.seen += 1;
        if (entry.seen >= match.nth && entry.seen < match.nth + times) return entry.fault;
      }
      return undefined;
    },
    list: () => entries.map(({ fault, seen }) => ({ fault, seen })),
  };
}

/** Spoils an answer on the wire. What `error`, `rate_limit` and `lock_timeout` say is the PSP's own text, put in by it. */
export function play(response: ServerResponse, answer: Answer, fault: Fault): void {
  const bytes = Buffer.from(answer.body);
  const half = bytes.subarray(0, Math.ceil(bytes.length / 2));
  switch (fault.do) {
    case 'hang':
      later(response, fault.ms, () => response.destroy());
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'reset_in_body':
      response.writeHead(answer.status, { ...answer.headers, 'content-length': bytes.length });
      response.write(half, () => response.socket?.resetAndDestroy());
      return;
    case 'truncate':
      send(response, { ...answer, body: half.toString() });
      return;
    case 'html':
      send(response, {
        status: fault.status ?? 200,
        headers: { 'content-type': 'text/html' },
        body: '<html><body><h1>Bad gateway</h1><p>Said by the stand-in PSP.</p></body></html>',
      });
      return;
    case 'redirect':
      send(response, { status: fault.status ?? 307, headers: { location: fault.location }, body: '' });
      return;
    case 'alter':
      send(response, {
        ...answer,
        body: JSON.stringify({ ...(JSON.parse(answer.body) as object), ...fault.set }),
      });
      return;
    case 'delay':
      later(response, fault.ms, () => send(response, answer));
      return;
    case 'drip':
      response.writeHead(answer.status, { ...answer.headers, 'content-length': bytes.length });
      drip(response, bytes, fault.ms);
      return;
    case 'error':
    case 'rate_limit':
    case 'lock_timeout':
      send(response, answer);
      return;
    default:
      unreachable(fault.do);
  }
}

function later(response: ServerResponse, ms: number, act: () => void): void {
  const timer = setTimeout(act, ms);
  response.once('close', () => clearTimeout(timer));
}

function drip(response: ServerResponse, bytes: Buffer, ms: number): void {
  let sent = 0;
  const step = Math.max(1, Math.ceil(bytes.length / 100));
  const timer = setInterval(() => {
    response.write(bytes.subarray(sent, sent + step));
    sent += step;
    if (sent < bytes.length) return;
    clearInterval(timer);
    response.end();
  }, ms / 100);
  response.once('close', () => clearInterval(timer));
}
