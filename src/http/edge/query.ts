import type { EdgeRefusal } from '../problem.ts';

export type QueryRead<Name extends string> =
  { readonly ok: true; readonly value: { readonly [N in Name]?: string } } | EdgeRefusal;

/**
 * Reads the query of a request target (`/v1/events?after=…`) strictly: each parameter once, only those named, only
 * valid percent-encoding. Values are texts; `a[b]=c` and `a=1&a=2` have no meaning here. The refusal's pointer is the
 * parameter's name. Method override parameters and headers are nobody's: nothing in this service reads them.
 */
export function readQuery<Name extends string>(target: string, names: readonly Name[]): QueryRead<Name> {
  const start = target.indexOf('?');
  const value: { [N in Name]?: string } = {};
  if (start === -1) return { ok: true, value };
  for (const pair of target.slice(start + 1).split('&')) {
    if (pair === '') continue;
    const [rawName = '', ...rest] = pair.split('=');
    const name = decode(rawName);
    const text = decode(rest.join('='));
    if (name === undefined || text === undefined) {
      return { ok: false, code: 'url_malformed', detail: 'The query is not valid percent-encoded UTF-8.' };
    }
    if (!isOneOf(name, names)) {
      return {
        ok: false,
        code: 'parameter_unknown',
        detail: unknownDetail(names),
        pointer: name.slice(0, 64),
      };
    }
    if (value[name] !== undefined) {
      return { ok: false, code: 'parameter_repeated', detail: `Give ${name} once.`, pointer: name };
    }
    value[name] = text;
  }
  return { ok: true, value };
}

/** Decodes a text of an address once; undefined when it is not UTF-8 or holds NUL, which no database text can. */
export function decode(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text.replaceAll('+', ' '));
    return decoded.includes('\0') ? undefined : decoded;
  } catch {
    return undefined;
  }
}

function isOneOf<Name extends string>(name: string, names: readonly Name[]): name is Name {
  return (names as readonly string[]).includes(name);
}

function unknownDetail(names: readonly string[]): string {
  return names.length === 0 ? 'This call takes no parameters.' : `This call knows ${names.join(', ')}.`;
}
