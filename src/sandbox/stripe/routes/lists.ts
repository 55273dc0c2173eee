import type { Books } from '../account.ts';
import { missing } from '../api-error.ts';
import type { Kind, Objects } from '../objects/objects.ts';
import { group, integer, text, type Reader } from '../params.ts';

const range = group({ gt: integer(0), gte: integer(0), lt: integer(0), lte: integer(0) });
type Range = {
  gt?: number | undefined;
  gte?: number | undefined;
  lt?: number | undefined;
  lte?: number | undefined;
};

/** `created=5` or `created[gte]=5`. */
const created: Reader<Range | undefined> = (leaf, name) => {
  if (typeof leaf !== 'string') return range(leaf, name);
  const exact = integer(0)(leaf, name);
  return exact === undefined ? undefined : { gte: exact, lte: exact };
};

export const pagination = {
  limit: integer(1, 100),
  starting_after: text,
  ending_before: text,
};
export const dated = { ...pagination, created };

export type Page = {
  readonly limit?: number | undefined;
  readonly starting_after?: string | undefined;
  readonly ending_before?: string | undefined;
  readonly created?: Range | undefined;
};

type List = {
  readonly object: 'list';
  readonly data: readonly unknown[];
  readonly has_more: boolean;
  readonly url: string;
};

/** One page of a kind, newest first, as every Stripe list is. */
export function listOf<K extends Kind>(
  books: Books,
  kind: K,
  url: string,
  page: Page,
  keep: (object: Objects[K]) => boolean = () => true,
): List {
  const ids = books.account.order[kind];
  return pageOf(
    ids.length,
    (at) => {
      const object = books.get(kind, ids[at] ?? '');
      return object !== undefined && keep(object) ? object : undefined;
    },
    (id) => ids.lastIndexOf(id),
    url,
    page,
  );
}

/** The same over any sequence that is read by position, oldest first. */
export function pageOf(
  length: number,
  read: (at: number) => { readonly created: number } | undefined,
  position: (id: string) => number,
  url: string,
  { limit = 10, starting_after, ending_before, created: within }: Page,
): List {
  const cursor = starting_after ?? ending_before;
  const from = cursor === undefined ? length : position(cursor);
  if (from < 0) throw missing('object', cursor ?? '', starting_after ? 'starting_after' : 'ending_before');
  const backwards = starting_after === undefined && ending_before !== undefined;
  const found: unknown[] = [];
  for (let at = backwards ? from + 1 : from - 1; at >= 0 && at < length; at += backwards ? 1 : -1) {
    const object = read(at);
    if (object === undefined || !isWithin(object.created, within)) continue;
    found.push(object);
    if (found.length > limit) break;
  }
  const data = found.slice(0, limit);
  if (backwards) data.reverse();
  return { object: 'list', data, has_more: found.length > limit, url };
}

function isWithin(at: number, within: Range | undefined): boolean {
  if (within === undefined) return true;
  const { gt = -1, gte = -1, lt = Infinity, lte = Infinity } = within;
  return at > gt && at >= gte && at < lt && at <= lte;
}
