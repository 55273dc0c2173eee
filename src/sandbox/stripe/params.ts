import { isCurrency } from '../../kernel/money.ts';
import { invalid } from './api-error.ts';

/** A form-encoded body with its brackets unfolded: `a[b]=1` is `{ a: { b: '1' } }`. Leaves are text. */
export type Tree = { [name: string]: Leaf };
type Leaf = string | Tree;

/** Deeper than any real request; stops a body that is all brackets. */
const depthMax = 8;

export function parseForm(text: string): Tree {
  const root = Object.create(null) as Tree;
  if (text === '') return root;
  for (const pair of text.split('&')) {
    const mark = pair.indexOf('=');
    const path = decode(mark < 0 ? pair : pair.slice(0, mark))
      .replaceAll(']', '')
      .split('[');
    if (path.length > depthMax) throw invalid('Invalid request: nested too deeply.');
    let at = root;
    for (const [index, step] of path.entries()) {
      const name = step === '' ? String(Object.keys(at).length) : step;
      if (index === path.length - 1) {
        at[name] = mark < 0 ? '' : decode(pair.slice(mark + 1));
        break;
      }
      const inner = at[name];
      at = typeof inner === 'object' ? inner : (at[name] = Object.create(null) as Tree);
    }
  }
  return root;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw invalid('Invalid request: the body is not form-encoded.');
  }
}

/** Reads one parameter, or complains about it by name. An absent parameter is `undefined`. */
export type Reader<T> = (leaf: Leaf | undefined, name: string) => T;
export type Read<R> = R extends Reader<infer T> ? T : never;
type Shape = Record<string, Reader<unknown>>;

export function required<T>(reader: Reader<T | undefined>): Reader<T> {
  return (leaf, name) => {
    const value = leaf === '' ? undefined : reader(leaf, name);
    if (value === undefined) throw invalid(`Missing required param: ${name}.`, 'parameter_missing', name);
    return value;
  };
}

export const text: Reader<string | undefined> = (leaf, name) => {
  if (typeof leaf === 'object') throw invalid(`Invalid string: ${name}`, undefined, name);
  return leaf;
};

/** Empty text unsets a field. */
export const emptyable: Reader<string | null | undefined> = (leaf, name) =>
  leaf === '' ? null : text(leaf, name);

export const flag: Reader<boolean | undefined> = (leaf, name) => {
  if (leaf === undefined || leaf === 'true' || leaf === 'false')
    return leaf === undefined ? undefined : leaf === 'true';
  throw invalid(`Invalid boolean: ${typeof leaf === 'string' ? leaf : name}`, undefined, name);
};

/** Above this Stripe answers amount_too_large. */
const amountMax = 99_999_999;

export function integer(min: number, max = Number.MAX_SAFE_INTEGER): Reader<number | undefined> {
  return (leaf, name) => {
    if (leaf === undefined) return undefined;
    if (typeof leaf !== 'string' || !/^-?\d{1,16}$/.test(leaf))
      throw invalid(
        `Invalid integer: ${typeof leaf === 'string' ? leaf : name}`,
        'parameter_invalid_integer',
        name,
      );
    const value = Number(leaf);
    if (value < min)
      throw invalid(`This value must be greater than or equal to ${min}.`, 'parameter_invalid_integer', name);
    if (value > max) throw invalid(`Amount must be no more than ${max}.`, 'amount_too_large', name);
    return value;
  };
}

export const amount = integer(1, amountMax);
export const amountOrZero = integer(0, amountMax);

export const currency: Reader<string | undefined> = (leaf, name) => {
  const code = text(leaf, name)?.toLowerCase();
  if (code !== undefined && !isCurrency(code.toUpperCase()))
    throw invalid(`Invalid currency: ${code}.`, undefined, name);
  return code;
};

export function oneOf<const T extends string>(...allowed: readonly T[]): Reader<T | undefined> {
  return (leaf, name) => {
    const found = allowed.find((each) => each === leaf);
    if (leaf !== undefined && found === undefined)
      throw invalid(`Invalid ${name}: must be one of ${allowed.join(', ')}`, undefined, name);
    return found;
  };
}

export function list<T>(reader: Reader<T | undefined>): Reader<T[] | undefined> {
  return (leaf, name) => {
    if (leaf === undefined) return undefined;
    if (typeof leaf === 'string') throw invalid('Invalid array', undefined, name);
    return Object.values(leaf).map((each) => required(reader)(each, name));
  };
}

/** Accepted and kept as it came, or ignored. */
export const anything: Reader<Leaf | undefined> = (leaf) => leaf;

/** `null` when the caller empties it all; an empty value removes its key. */
export const metadata: Reader<Record<string, string> | null | undefined> = (leaf, name) => {
  if (leaf === undefined) return undefined;
  if (typeof leaf === 'string') {
    if (leaf === '') return null;
    throw invalid('Invalid hash', undefined, name);
  }
  for (const [key, value] of Object.entries(leaf)) {
    const at = `${name}[${key}]`;
    if (typeof value !== 'string') throw invalid(`Metadata values must be strings: ${key}`, undefined, at);
    if (key.length > 40) throw invalid('Metadata keys are at most 40 characters.', undefined, at);
    if (value.length > 500) throw invalid('Metadata values are at most 500 characters.', undefined, at);
  }
  if (Object.keys(leaf).length > 50) throw invalid('At most 50 metadata keys.', undefined, name);
  return leaf as Record<string, string>;
};

export function mergeMetadata(
  old: Readonly<Record<string, string>>,
  change: Readonly<Record<string, string>> | null | undefined,
): Record<string, string> {
  if (change === null) return {};
  const merged = { ...old, ...change };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== ''));
}

type Fields<S extends Shape> = { readonly [K in keyof S]: Read<S[K]> };

export function fields<S extends Shape>(shape: S): (tree: Tree) => Fields<S> {
  const hash = group(shape);
  return (tree) => hash(tree, '') ?? ({} as Fields<S>);
}

/** Reads a hash of known names; any other name is refused as Stripe refuses it. */
export function group<S extends Shape>(shape: S): Reader<Fields<S> | undefined> {
  const known = Object.entries(shape);
  return (leaf, name) => {
    if (leaf === undefined) return undefined;
    if (typeof leaf === 'string') {
      if (leaf === '') return undefined;
      throw invalid('Invalid hash', undefined, name);
    }
    for (const given in leaf) {
      if (!Object.hasOwn(shape, given)) {
        const full = inside(name, given);
        throw invalid(`Received unknown parameter: ${full}`, 'parameter_unknown', full);
      }
    }
    const read: Record<string, unknown> = {};
    for (const [field, reader] of known) read[field] = reader(leaf[field], inside(name, field));
    return read as Fields<S>;
  };
}

function inside(outer: string, name: string): string {
  return outer === '' ? name : `${outer}[${name}]`;
}
