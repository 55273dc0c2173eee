import { createHash } from 'node:crypto';

/** A statement, or a piece of one, with its parameters. */
export type Sql = { readonly parts: readonly string[]; readonly values: readonly unknown[] };

/** Builds SQL in which every `${value}` is a parameter and every `${sql…}` is a piece. */
export function sql(strings: TemplateStringsArray, ...holes: readonly unknown[]): Sql {
  const parts: string[] = [strings[0] ?? ''];
  const values: unknown[] = [];
  const glue = (text: string): void => {
    parts[parts.length - 1] = `${parts.at(-1) ?? ''}${text}`;
  };
  holes.forEach((hole, index) => {
    if (isSql(hole)) {
      glue(hole.parts[0] ?? '');
      parts.push(...hole.parts.slice(1));
      values.push(...hole.values);
      glue(strings[index + 1] ?? '');
    } else {
      values.push(hole);
      parts.push(strings[index + 1] ?? '');
    }
  });
  return { parts, values };
}

/** Text that is part of the statement itself. Never built from input. */
export function raw(text: string): Sql {
  return { parts: [text], values: [] };
}

export function join(pieces: readonly Sql[], separator: string): Sql {
  const [first, ...rest] = pieces;
  if (first === undefined) return raw('');
  return rest.reduce((sum, piece) => sql`${sum}${raw(separator)}${piece}`, first);
}

/**
 * The statement as `pg` takes it. Its name is the digest of its text, so that each connection plans each shape once.
 */
export function named({ parts, values }: Sql): { name: string; text: string; values: unknown[] } {
  const text = parts.reduce((sum, part, index) => (index === 0 ? part : `${sum}$${index}${part}`), '');
  return { name: nameOf(text), text, values: [...values] };
}

const names = new Map<string, string>();

function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = createHash('sha256').update(text).digest('hex').slice(0, 32);
  names.set(text, name);
  return name;
}

function isSql(value: unknown): value is Sql {
  return typeof value === 'object' && value !== null && 'parts' in value && 'values' in value;
}
