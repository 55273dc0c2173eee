import { readFile } from 'node:fs/promises';
import { LineCounter, isNode, parseDocument } from 'yaml';
import { z } from 'zod';
import type { RoutingCondition, RoutingRule } from '../domain/routing/choose-account.ts';
import { isCurrency } from '../kernel/money.ts';
import { present } from './present.ts';

const minorUnits = z.int().min(0).transform(BigInt);

const account = z
  .string()
  .regex(/^(stripe|adyen)\/[A-Za-z0-9_-]+$/, 'write psp/account, such as stripe/default')
  .transform((text) => {
    const [psp, name = ''] = text.split('/');
    return { psp: psp === 'adyen' ? ('adyen' as const) : ('stripe' as const), account: name };
  });

const list = <T extends z.ZodType>(of: T) => z.array(of).min(1);

const rule = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{2,60}$/, 'write small letters, digits and dashes'),
  when: z
    .strictObject({
      currency: list(z.string().refine(isCurrency, 'is not a currency')).optional(),
      country: list(z.string().regex(/^[A-Z]{2}$/, 'write two capital letters')).optional(),
      bin: list(z.string().regex(/^\d{1,8}$/, 'write one to eight digits, in quotes')).optional(),
      amount: z
        .strictObject({ from: minorUnits.optional(), to: minorUnits.optional() })
        .transform(({ from, to }) => present<{ from: bigint; to: bigint }>({ from, to }))
        .optional(),
      share: z.number().gt(0).max(100).optional(),
    })
    .refine(({ amount, currency }) => amount === undefined || currency?.length === 1, {
      path: ['amount'],
      message: 'an amount needs one currency beside it',
    }),
  to: list(account),
});

const file = z
  .strictObject({
    rules: z.array(rule).max(200).default([]),
    fraud_rates: z.record(z.string(), z.number().min(0).max(1)).default({}),
  })
  .superRefine(({ rules }, context) => {
    rules.forEach(({ id }, at) => {
      if (rules.findIndex((other) => other.id === id) === at) return;
      context.addIssue({ code: 'custom', path: ['rules', at, 'id'], message: `there is another rule ${id}` });
    });
  });

export type Routing = {
  readonly rules: readonly RoutingRule[];
  /** Fraud by value over 90 days of the acquirer behind an account (`psp/account`), as a share. */
  readonly fraudRates: Readonly<Record<string, number>>;
};

export const noRouting: Routing = { rules: [], fraudRates: {} };

export type RoutingRead =
  | { readonly ok: true; readonly routing: Routing }
  | { readonly ok: false; readonly mistakes: readonly string[] };

/**
 * Reads routing rules. `accounts` are the configured ones, as `psp/account`: a rule that leads elsewhere is a mistake
 * too. Each mistake says `file:line:column`, where in the document it is, and what would be right.
 */
export function readRouting(
  text: string,
  accounts: readonly string[],
  name = 'policies/routing.yaml',
): RoutingRead {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${name}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    const mistakes = document.errors.map(
      ({ pos, message }) => `${place(pos[0])} ${message.split('\n', 1).join('')}`,
    );
    return { ok: false, mistakes };
  }
  /** The innermost place on the path that is written down: what is missing is reported at what lacks it. */
  const placeOf = (path: readonly PropertyKey[]): string => {
    for (let depth = path.length; depth > 0; depth -= 1) {
      const node: unknown = document.getIn(path.slice(0, depth), true);
      if (isNode(node) && node.range) return place(node.range[0]);
    }
    return place(document.contents?.range[0] ?? 0);
  };
  const parsed = file.safeParse(document.toJS());
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map((issue) => {
      const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0] ?? ''] : issue.path;
      return `${placeOf(path)} ${path.join('.')}: ${issue.message}`;
    });
    return { ok: false, mistakes };
  }
  const strangers = parsed.data.rules.flatMap(({ to }, at) =>
    to.flatMap((each, index) => {
      const called = `${each.psp}/${each.account}`;
      const path = ['rules', at, 'to', index];
      return accounts.includes(called)
        ? []
        : [`${placeOf(path)} ${path.join('.')}: there is no account ${called}: ${accounts.join(', ')}`];
    }),
  );
  if (strangers.length > 0) return { ok: false, mistakes: strangers };
  return { ok: true, routing: { rules: parsed.data.rules.map(toRule), fraudRates: parsed.data.fraud_rates } };
}

function toRule({ id, when, to }: z.output<typeof rule>): RoutingRule {
  const { currency, country, bin, amount, share } = when;
  return { id, when: present<RoutingCondition>({ currency, country, bin, amount, share }), to };
}

/** The rules do not make sense; the message names each place and what is wrong there. */
export class RoutingRefused extends Error {
  override readonly name = 'RoutingRefused';
  constructor(mistakes: readonly string[]) {
    super(`the routing rules are refused:\n  ${mistakes.join('\n  ')}`);
  }
}

/** What a file says; nothing where there is no file. Throws `RoutingRefused`. */
export async function openRouting(path: string, accounts: readonly string[]): Promise<Routing> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return noRouting;
  const read = readRouting(text, accounts, path);
  if (!read.ok) throw new RoutingRefused(read.mistakes);
  return read.routing;
}
