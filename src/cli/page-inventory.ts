import { createHash } from 'node:crypto';

/** One script that a page runs: where it comes from, and a digest of what it is. */
export type PageScript = { readonly source: string; readonly digest: string };

/** What a page may run, and the headers that keep it so (PCI DSS 6.4.3 and 11.6.1). */
export type PageInventory = {
  readonly page: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly scripts: readonly PageScript[];
};

/** The headers whose change lets something else run on a page, or frames it. */
const watched = [
  'content-security-policy',
  'strict-transport-security',
  'x-content-type-options',
  'referrer-policy',
  'cross-origin-opener-policy',
] as const;

/** Fetches a page and every script that it and its scripts name, and writes down what they are. */
export async function takeInventory(origin: string, page: string): Promise<PageInventory> {
  const response = await fetch(new URL(page, origin));
  if (!response.ok) throw new Error(`${page} answers ${response.status}`);
  const html = await response.text();
  const scripts = new Map<string, string>();
  const waiting: string[] = [];
  for (const [, attributes = '', inline = ''] of html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script/gi)) {
    const source = /\bsrc=["']([^"']+)["']/.exec(attributes)?.[1];
    if (source === undefined) scripts.set(`inline ${scripts.size + 1}`, digestOf(withoutNonces(inline)));
    else waiting.push(new URL(source, new URL(page, origin)).href);
  }
  for (let url = waiting.pop(); url !== undefined; url = waiting.pop()) {
    const source = url.startsWith(origin) ? url.slice(origin.length) : url;
    if (scripts.has(source)) continue;
    const script = await fetch(url);
    const text = await script.text();
    scripts.set(source, script.ok ? digestOf(text) : `answers ${script.status}`);
    for (const [, imported = ''] of text.matchAll(
      /(?:\bfrom|\bimport)\s*\(?["'](\.{0,2}\/[^"']+\.js)["']/g,
    )) {
      waiting.push(new URL(imported, url).href);
    }
  }
  return {
    page,
    headers: Object.fromEntries(
      watched.map((name) => [name, withoutNonces(response.headers.get(name) ?? 'absent')]),
    ),
    scripts: [...scripts]
      .map(([source, digest]) => ({ source, digest }))
      .sort((one, other) => (one.source < other.source ? -1 : 1)),
  };
}

function digestOf(text: string): string {
  return `sha384-${createHash('sha384').update(text).digest('base64')}`;
}

/** Every answer has a nonce of its own; that it has one is what counts. */
function withoutNonces(text: string): string {
  return text.replace(/nonce-[A-Za-z0-9+/=]+/g, 'nonce-…');
}

/** What differs, in sentences; nothing when the page is what was written down. */
export function differences(known: PageInventory, found: PageInventory): string[] {
  const told: string[] = [];
  for (const [name, value] of Object.entries(known.headers)) {
    if (found.headers[name] !== value)
      told.push(`${known.page}: the header ${name} has changed to ${found.headers[name] ?? 'absent'}`);
  }
  const before = new Map(known.scripts.map(({ source, digest }) => [source, digest]));
  for (const { source, digest } of found.scripts) {
    const expected = before.get(source);
    if (expected === undefined) told.push(`${known.page}: the script ${source} is not in the inventory`);
    else if (expected !== digest) told.push(`${known.page}: the script ${source} has changed`);
    before.delete(source);
  }
  for (const source of before.keys()) told.push(`${known.page}: the script ${source} is gone`);
  return told;
}
