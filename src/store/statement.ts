import { createHash } from 'node:crypto';
import { type Sql, numbered } from './sql.ts';

/** A statement as `pg` takes it. Each connection plans a name once. */
export type Statement = { readonly name: string; readonly text: string; readonly values: unknown[] };

/**
 * One data-modifying part of a statement. Parts of the same shape have the same text, whatever their values: it is
 * written once for each combination of shapes, because that costs more than the values do.
 */
export type Part = {
  readonly shape: string;
  readonly values: readonly unknown[];
  /** The part's SQL, its parameters numbered from `first`. */
  readonly text: (first: number) => string;
};

const statements = new Map<string, { readonly name: string; readonly text: string }>();

/** `with gate as (…), part_1 as (…), … select 1 from gate`: one row when the gate let the others through, none if not. */
export function gated(parts: readonly Part[]): Statement {
  return {
    ...writtenOnce(parts.map((part) => part.shape).join('\n'), () => write(parts)),
    values: parts.flatMap((part) => part.values),
  };
}

/** A statement that was written out by hand. */
export function named(sql: Sql): Statement {
  const text = numbered(sql, 1);
  return { ...writtenOnce(text, () => text), values: [...sql.values] };
}

/** A part that was written out by hand; `shape` must tell it from every other. */
export function part(shape: string, sql: Sql): Part {
  return { shape, values: sql.values, text: (first) => numbered(sql, first) };
}

function write(parts: readonly Part[]): string {
  let first = 1;
  const ctes = parts.map((each, index) => {
    const text = `${index === 0 ? 'gate' : `part_${index}`} as (${each.text(first)})`;
    first += each.values.length;
    return text;
  });
  return `with ${ctes.join(',\n')} select 1 from gate`;
}

function writtenOnce(key: string, text: () => string): { readonly name: string; readonly text: string } {
  let known = statements.get(key);
  if (known === undefined) {
    const written = text();
    known = { name: createHash('sha256').update(written).digest('hex').slice(0, 32), text: written };
    statements.set(key, known);
  }
  return known;
}
