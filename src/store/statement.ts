import { createHash } from 'node:crypto';
import { type Sql, numbered } from './sql.ts';

/** A statement as `pg` takes it. Each connection plans a name once. */
export type Statement = { readonly name: string; readonly text: string; readonly values: unknown[] };

/**
 * One data-modifying part of a change. Its rows begin with the key of the change (column `k`), by which it finds out
 * whether the gate, the first part, let the change through.
 *
 * Parts of the same shape have the same text, whatever their values. So a text is written once, and the parts of several
 * changes with equal shapes make one statement.
 */
export type Part = {
  readonly shape: string;
  /** The types of a row's values, `k` first. */
  readonly types: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
  /** The part's SQL around its rows: `values` stands for `(values (…), (…))`. */
  readonly text: (values: string) => string;
};

const statements = new Map<string, { readonly name: string; readonly text: string }>();

/** What tells changes apart that can go into one statement from those that cannot. */
export function shapeOf(parts: readonly Part[]): string {
  return parts.map((part) => `${part.shape} ${part.rows.length}`).join('\n');
}

/**
 * `with gate as (…), part_1 as (…), … select k from gate`: answers the keys of the changes that came through the gate.
 * The changes must have equal shapes.
 */
export function gated(changes: readonly (readonly Part[])[]): Statement {
  const [first = []] = changes;
  const rows = first.map((_, index) => changes.flatMap((parts) => parts[index]?.rows ?? []));
  const known = writtenOnce(`${changes.length} of\n${shapeOf(first)}`, () => write(first, rows));
  return { ...known, values: rows.flat(2) };
}

/** A statement that was written out by hand. */
export function named(sql: Sql): Statement {
  const text = numbered(sql, 1);
  return { ...writtenOnce(text, () => text), values: [...sql.values] };
}

function write(parts: readonly Part[], rows: readonly (readonly (readonly unknown[])[])[]): string {
  let first = 1;
  const ctes = parts.map(({ types, text }, index) => {
    const count = rows[index]?.length ?? 0;
    const values = valuesOf(types, count, first);
    first += types.length * count;
    return `${index === 0 ? 'gate' : `part_${index}`} as (${text(values)})`;
  });
  return `with ${ctes.join(',\n')} select k from gate`;
}

/** The first row says the types; the others take them over. */
export function valuesOf(types: readonly string[], count: number, first: number): string {
  const tuples = Array.from({ length: count }, (_, row) => {
    const holes = types.map((type, column) => {
      const hole = `$${first + row * types.length + column}`;
      return row === 0 ? `${hole}::${type}` : hole;
    });
    return `(${holes.join(', ')})`;
  });
  return `(values ${tuples.join(', ')})`;
}

export function writtenOnce(
  key: string,
  text: () => string,
): { readonly name: string; readonly text: string } {
  let known = statements.get(key);
  if (known === undefined) {
    const written = text();
    known = { name: createHash('sha256').update(written).digest('hex').slice(0, 32), text: written };
    statements.set(key, known);
  }
  return known;
}
