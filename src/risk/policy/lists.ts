import { personalTerms } from '../../domain/risk/policy/vocabulary.ts';
import type { Instant } from '../../kernel/instant.ts';
import type { Mistake } from './mistake.ts';
import { suggestion } from './mistake.ts';
import { readYaml } from './yaml-file.ts';

/** What a list is for. The kind is for people: what an entry does is what the policies say. */
export const listKinds = ['block', 'allow', 'watch'] as const;
export type ListKind = (typeof listKinds)[number];

/** `of` is the personal value that the entries are keyed hashes of, such as `email.address`. */
export type ListDeclaration = { readonly kind: ListKind; readonly of: string; readonly text: string };
export type ListDeclarations = ReadonlyMap<string, ListDeclaration>;

/** One entry: the entity's keyed hash (merchant included), never the value itself. */
export type ListEntry = {
  readonly list: string;
  readonly key: string;
  /** When it stops counting; null never. */
  readonly expiresAt: Instant | null;
  readonly reason: string;
  readonly addedBy: string;
};

/** What an assessment asks of the lists. Answers at once, from memory; undefined when the lists could not be read. */
export type Lists = {
  readonly contains: (list: string, key: string, at: Instant) => boolean | undefined;
};

/** A rule that is silent for one customer until it expires. */
export type Snooze = {
  /** The keyed hash of the customer's account. */
  readonly account: string;
  readonly rule: string;
  readonly expiresAt: Instant;
  readonly reason: string;
  readonly addedBy: string;
};

export type Snoozes = { readonly rulesFor: (account: string, at: Instant) => ReadonlySet<string> };

/** A snapshot of the lists; whoever loads the entries makes a new one and swaps it. */
export function createMemoryLists(entries: Iterable<ListEntry>): Lists {
  const expiries = new Map<string, number>();
  for (const { list, key, expiresAt } of entries) {
    const slot = `${list} ${key}`;
    expiries.set(slot, Math.max(expiries.get(slot) ?? 0, expiresAt ?? Infinity));
  }
  return { contains: (list, key, at) => (expiries.get(`${list} ${key}`) ?? 0) > at };
}

export function createMemorySnoozes(snoozes: Iterable<Snooze>): Snoozes {
  const byAccount = new Map<string, Snooze[]>();
  for (const snooze of snoozes)
    byAccount.set(snooze.account, [...(byAccount.get(snooze.account) ?? []), snooze]);
  return {
    rulesFor: (account, at) =>
      new Set(
        (byAccount.get(account) ?? []).filter(({ expiresAt }) => expiresAt > at).map(({ rule }) => rule),
      ),
  };
}

/** Reads `lists.yaml`, which declares the lists. Their entries come through the API and are never in a file. */
export function readLists(
  path: string,
  source: string,
): { readonly lists: ListDeclarations; readonly mistakes: readonly Mistake[] } {
  const file = readYaml(path, source);
  const lists = new Map<string, ListDeclaration>();
  const top = file.fields(file.root, 'the file', { required: ['lists'], optional: [] });
  const declarations = top.get('lists');
  const names = personalTerms.map((term) => term.name);
  for (const entry of declarations ? file.entries(declarations, '`lists`') : []) {
    if (!/^[a-z][a-z0-9-]*$/.test(entry.key))
      file.report(entry.keyOffset, `a list is named in lower case with dashes, not ${entry.key}`);
    if (lists.has(entry.key)) continue;
    const fields = file.fields(entry, 'a list', { required: ['kind', 'of', 'text'], optional: [] });
    const kind = file.choice(fields.get('kind'), '`kind`', listKinds);
    const of = file.text(fields.get('of'), '`of`');
    const text = file.text(fields.get('text'), '`text`');
    if (of !== undefined && !names.includes(of))
      file.report(
        fields.get('of')?.offset ?? 0,
        `a list cannot hold ${of}`,
        suggestion(of, names) ?? names.join(', '),
      );
    if (kind !== undefined && of !== undefined && text !== undefined)
      lists.set(entry.key, { kind, of, text });
  }
  return { lists, mistakes: file.mistakes };
}
