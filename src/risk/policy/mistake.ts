/** Something wrong with a file that an analyst wrote. Lines and columns count from 1. */
export type Mistake = {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint: string | null;
};

/** `policies/checkout.yaml:12:11: email.known_fraud is not declared (hint: did you mean email.known_frauds?)` */
export function toText({ file, line, column, message, hint }: Mistake): string {
  return `${file}:${line}:${column}: ${message}${hint === null ? '' : ` (hint: ${hint})`}`;
}

/** "did you mean …?" for the closest of the words, when one is close enough to be a slip of the keyboard. */
export function suggestion(word: string, words: Iterable<string>): string | null {
  let best: string | null = null;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of words) {
    const distance = editDistance(word, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best === null ? null : `did you mean ${best}?`;
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const substitution = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const insertion = (current[column - 1] ?? 0) + 1;
      const deletion = (previous[column] ?? 0) + 1;
      current.push(Math.min(substitution, insertion, deletion));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
