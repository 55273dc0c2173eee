import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml';
import { suggestion, type Mistake } from './mistake.ts';

/** A node of the file, or the place where one is missing. */
export type Place = { readonly node: Node | null; readonly offset: number };
export type Entry = Place & { readonly key: string; readonly keyOffset: number };

/**
 * A YAML file that is read by shape. Every reader reports what it does not like with its place and goes on, so that all
 * mistakes of a file are found at once.
 */
export type YamlFile = {
  readonly path: string;
  readonly root: Place;
  readonly mistakes: Mistake[];
  readonly report: (offset: number, message: string, hint?: string | null) => void;
  /** The entries of a mapping, each of the known keys at most once; a missing required key is reported. */
  readonly fields: (place: Place, what: string, keys: Keys) => ReadonlyMap<string, Entry>;
  /** The entries of a mapping whose keys the author chooses. */
  readonly entries: (place: Place, what: string) => readonly Entry[];
  readonly items: (place: Place | undefined, what: string) => readonly Place[];
  readonly text: (place: Place | undefined, what: string) => string | undefined;
  readonly choice: <T extends string>(
    place: Place | undefined,
    what: string,
    of: readonly T[],
  ) => T | undefined;
  /** The scalar as YAML's core schema reads it. */
  readonly scalar: (place: Place) => string | number | boolean | null | undefined;
  /** The offset in the file of a character of a scalar's text, whatever its quoting or folding. */
  readonly offsetIn: (place: Place, text: string, index: number) => number;
};

export type Keys = { readonly required: readonly string[]; readonly optional: readonly string[] };

/** Far more than anybody writes; keeps a stray file from being parsed for seconds. */
const charactersMax = 256 * 1024;
/** A thousand brackets that nobody closes are as many errors. */
const errorsMax = 5;

export function readYaml(path: string, source: string): YamlFile {
  const lines = new LineCounter();
  const mistakes: Mistake[] = [];
  const report: YamlFile['report'] = (offset, message, hint = null) => {
    const { line, col } = lines.linePos(offset);
    mistakes.push({ file: path, line: Math.max(line, 1), column: Math.max(col, 1), message, hint });
  };
  const size = source.length;
  const text = size > charactersMax ? '' : source;
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (size > charactersMax) report(0, `the file has ${size} characters, at most ${charactersMax} are read`);
  // What cannot be parsed is reported once: the parser finds the same again at every level above.
  for (const { pos, message } of document.errors.slice(0, errorsMax)) report(pos[0], message);

  const placeOf = (value: unknown, offset: number): Place => {
    const node = value as Node | null;
    return { node, offset: node?.range?.[0] ?? offset };
  };

  const entries: YamlFile['entries'] = (place, what) => {
    if (!isMap(place.node)) {
      report(place.offset, `${what} must be a mapping of keys to values`);
      return [];
    }
    return place.node.items.flatMap(({ key, value }): Entry[] => {
      const keyPlace = placeOf(key, place.offset);
      if (!isScalar(keyPlace.node)) {
        report(keyPlace.offset, 'a key must be a plain word');
        return [];
      }
      return [
        { ...placeOf(value, keyPlace.offset), key: String(keyPlace.node.value), keyOffset: keyPlace.offset },
      ];
    });
  };

  const file: YamlFile = {
    path,
    root: placeOf(document.contents, 0),
    mistakes,
    report,
    entries,
    fields: (place, what, { required, optional }) => {
      const allowed = [...required, ...optional];
      const found = new Map<string, Entry>();
      for (const entry of entries(place, what)) {
        if (allowed.includes(entry.key)) found.set(entry.key, entry);
        else
          report(
            entry.keyOffset,
            `${what} has no key ${entry.key}`,
            suggestion(entry.key, allowed) ?? allKeys(allowed),
          );
      }
      if (isMap(place.node))
        for (const key of required) if (!found.has(key)) report(place.offset, `${what} needs the key ${key}`);
      return found;
    },
    items: (place, what) => {
      if (place === undefined) return [];
      if (isSeq(place.node)) return place.node.items.map((item) => placeOf(item, place.offset));
      report(place.offset, `${what} must be a list`);
      return [];
    },
    text: (place, what) => {
      if (place === undefined) return undefined;
      if (isScalar(place.node) && typeof place.node.value === 'string' && place.node.value.trim() !== '')
        return place.node.value;
      report(
        place.offset,
        `${what} must be text`,
        isAlias(place.node) ? 'write it out: aliases are not read' : null,
      );
      return undefined;
    },
    choice: (place, what, of) => {
      const word = file.text(place, what);
      if (word === undefined || place === undefined) return undefined;
      const chosen = of.find((one) => one === word);
      if (chosen === undefined)
        report(place.offset, `${what} cannot be ${word}: ${of.join(', ')}`, suggestion(word, of));
      return chosen;
    },
    scalar: (place) => {
      const value = isScalar(place.node) ? place.node.value : undefined;
      if (value === null || ['string', 'number', 'boolean'].includes(typeof value))
        return value as string | number | boolean | null;
      report(place.offset, 'a single value is expected here');
      return undefined;
    },
    offsetIn: (place, value, index) => align(text, place.offset, value, index),
  };
  return file;
}

function allKeys(allowed: readonly string[]): string {
  return `the keys are ${allowed.join(', ')}`;
}

/**
 * Walks the scalar's text and its source side by side. Folding, indentation, quotes and block headers only add characters
 * to the source, so each character of the text is the next equal one there.
 */
function align(source: string, start: number, text: string, index: number): number {
  let at = start;
  for (let i = 0; i < Math.min(index, text.length); i += 1) {
    const character = text[i] ?? '';
    if (/\s/.test(character)) {
      while (/\s/.test(source[at] ?? '')) at += 1;
      continue;
    }
    const found = source.indexOf(character, at);
    if (found === -1) return start;
    at = found + 1;
  }
  const next = text[index];
  const found = next === undefined ? at : source.indexOf(next, at);
  return found === -1 ? at : found;
}
