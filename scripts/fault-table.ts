import type { Family } from '../test/faults.ts';

/** How one test ended; the title with those of its suites. */
export type Ended = { readonly title: string; readonly status: string };

/**
 * Which faults the tests of a run injected: for every family how many of its faults, and how many tests passed under
 * each. `wrong` is a fault that nobody knows, and, of a whole run, one that had to be tested and was not.
 */
export function faultTable(
  families: readonly Family[],
  tests: readonly Ended[],
  isWhole: boolean,
): { readonly lines: readonly string[]; readonly wrong: readonly string[] } {
  const tagged = tests.flatMap(({ title, status }) =>
    [...title.matchAll(/\[F(\d+\.\d+)\]/g)].map(([, id = '']) => ({ id, title, status })),
  );
  const testsOf = Map.groupBy(tagged, ({ id }) => id);
  const passed = (id: string): number =>
    testsOf.get(id)?.filter(({ status }) => status === 'passed').length ?? 0;

  const known = new Set<string>();
  const lines: string[] = [];
  const wrong: string[] = [];
  for (const [index, { name, complete, faults }] of families.entries()) {
    const ids = faults.map((_, at) => `${index + 1}.${at + 1}`);
    for (const [at, id] of ids.entries()) {
      known.add(id);
      if (isWhole && complete && !testsOf.has(id)) wrong.push(`no test of fault F${id}: ${faults[at]}`);
    }
    const tested = ids.filter((id) => passed(id) > 0);
    if (!isWhole && tested.length === 0) continue;
    const share = `${tested.length}/${ids.length} faults`;
    const counts = ids.map((id) => `F${id}:${passed(id)}`).join(' ');
    lines.push(`${String(index + 1).padStart(2)} ${name.padEnd(22)} ${share.padEnd(13)} ${counts}`);
  }
  const strangers = tagged.filter(({ id }) => !known.has(id));
  return {
    lines,
    wrong: [...wrong, ...strangers.map(({ id, title }) => `there is no fault F${id}: ${title}`)],
  };
}
