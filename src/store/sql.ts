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

/** The text with its parameters as `$first`, `$first+1`, … */
export function numbered({ parts }: Sql, first: number): string {
  return parts.reduce((sum, part, index) => (index === 0 ? part : `${sum}$${first + index - 1}${part}`), '');
}

function isSql(value: unknown): value is Sql {
  return typeof value === 'object' && value !== null && 'parts' in value && 'values' in value;
}
