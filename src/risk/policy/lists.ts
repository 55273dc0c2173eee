import { listKinds, type ListDeclaration, type ListDeclarations } from '../../domain/risk/policy/list.ts';
import { personalTerms } from '../../domain/risk/policy/vocabulary.ts';
import { suggestion, type Mistake } from './mistake.ts';
import { readYaml } from './yaml-file.ts';

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
