import { LineCounter, isNode, parseDocument } from 'yaml';
import { z } from 'zod';
import { purposes } from '../challenge/challenge.ts';

/** What a limit can count by. All but the merchant are counted within the merchant: tenants do not slow each other. */
export const dimensions = [
  'api_key',
  'publishable_key',
  'client_secret',
  'address',
  'network',
  'card',
  'bin',
  'email',
  'device',
  'merchant',
] as const;
export type Dimension = (typeof dimensions)[number];

/** What a request is about, as limits see it. */
export const calls = [...purposes, 'manage', 'read'] as const;
export type Call = (typeof calls)[number];

/** Who is calling: a shop's server, a browser with a publishable key or a client secret, or nobody yet. */
export const callers = ['secret', 'publishable', 'anonymous'] as const;
export type Caller = (typeof callers)[number];

export type Profile = 'normal' | 'strict';

/** What is over the limit gets 429, or may go on after solving a challenge. */
const answer = z.enum(['refuse', 'challenge']);

const windowS = z
  .string()
  .regex(/^[1-9]\d{0,3}[smh]$/, 'write a number and s, m or h, such as 10m')
  .transform(
    (text) => Number.parseInt(text, 10) * { s: 1, m: 60, h: 3600 }[text.slice(-1) as 's' | 'm' | 'h'],
  );

const points = z.int().min(0).max(10_000);

const limit = z
  .strictObject({
    id: z.string().regex(/^[a-z][a-z0-9-]{2,60}$/, 'write small letters, digits and dashes'),
    by: z.enum(dimensions),
    callers: z
      .array(z.enum(callers))
      .min(1)
      .default([...callers]),
    calls: z
      .array(z.enum(calls))
      .min(1)
      .default([...calls]),
    allow: z.int().min(1).max(1_000_000_000),
    window: windowS,
    cost: z
      .strictObject({ call: points.default(1), failure: points.default(0) })
      .default({ call: 1, failure: 0 }),
    answer: answer.default('refuse'),
    strict: z.strictObject({ allow: z.int().min(0), answer: answer.optional() }).optional(),
    dry_run: z.boolean().default(false),
  })
  .refine(({ cost }) => cost.call + cost.failure > 0, {
    path: ['cost'],
    message: 'a limit that counts nothing limits nothing',
  })
  .refine(
    ({ answer, strict, calls: asked }) =>
      (answer !== 'challenge' && strict?.answer !== 'challenge') ||
      asked.every((call) => call !== 'manage' && call !== 'read'),
    {
      path: ['calls'],
      message: 'nobody can solve a challenge for manage or read: name the calls without them',
    },
  )
  .refine(({ allow, strict }) => strict === undefined || strict.allow <= allow, {
    path: ['strict', 'allow'],
    message: 'the strict profile must not allow more than the normal one',
  });

const file = z.strictObject({ limits: z.array(limit).max(100) }).superRefine(({ limits }, context) => {
  limits.forEach(({ id }, at) => {
    if (limits.findIndex((other) => other.id === id) !== at) {
      context.addIssue({
        code: 'custom',
        path: ['limits', at, 'id'],
        message: `there is another limit ${id}`,
      });
    }
  });
});

export type Limit = z.output<typeof limit>;
export type LimitsRead =
  | { readonly ok: true; readonly limits: readonly Limit[] }
  | { readonly ok: false; readonly mistakes: readonly string[] };

/** Reads a limits file. Each mistake says `file:line:column`, where in the document it is, and what would be right. */
export function readLimits(text: string, name = 'policies/limits.yaml'): LimitsRead {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    return {
      ok: false,
      mistakes: document.errors.map(({ pos, message }) => `${place(pos[0])} ${message.split('\n')[0] ?? ''}`),
    };
  }
  const parsed = file.safeParse(document.toJS());
  if (parsed.success) return { ok: true, limits: parsed.data.limits };
  const mistakes = parsed.error.issues.map((issue) => {
    // An unknown key has a place of its own; a missing one is reported at the mapping that lacks it.
    const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : [...issue.path];
    for (let depth = path.length; depth >= 0; depth -= 1) {
      const node = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
      if (isNode(node) && node.range) return `${place(node.range[0])} ${path.join('.')}: ${issue.message}`;
    }
    return `${name}:1:1 ${path.join('.')}: ${issue.message}`;
  });
  return { ok: false, mistakes };
}
