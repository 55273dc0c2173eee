import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { extname } from 'node:path';
import type { Express } from 'express';
import { cspReportsPath } from './csp-reports.ts';
import { type Headers, apiHeaders, pageHeaders } from './edge/headers.ts';

const web = new URL('../web/', import.meta.url);

const typeOf: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

export type PageFile = {
  readonly body: Buffer;
  /** A strong name of these very bytes. */
  readonly etag: string;
  /** What a page that embeds the file writes into `integrity`. */
  readonly integrity: string;
  readonly type: string;
};

/** A file under src/web, read once: pages change with the version of the service, never under it. */
export function pageFile(path: string): PageFile {
  const body = readFileSync(new URL(path, web));
  const digest = (algorithm: string): string => createHash(algorithm).update(body).digest('base64');
  return {
    body,
    etag: `"${digest('sha256')}"`,
    integrity: `sha384-${digest('sha384')}`,
    type: typeOf[extname(path)] ?? 'application/octet-stream',
  };
}

/** Serves a file. Browsers keep it and ask whether it has changed, so that a new version is seen at once. */
export function serveFile(app: Express, route: string, file: PageFile, more: Headers = {}): void {
  const headers = {
    ...apiHeaders(),
    'content-type': file.type,
    'cache-control': 'no-cache',
    etag: file.etag,
    ...more,
  };
  app.get(route, (request, response) => {
    const isKnown = request.get('if-none-match')?.includes(file.etag) === true;
    response.writeHead(isKnown ? 304 : 200, headers).end(isKnown ? undefined : file.body);
  });
}

/** Serves all files of a folder under src/web that are no pages. */
export function serveFolder(app: Express, route: string, folder: string): void {
  for (const { name } of readdirSync(new URL(folder, web), { withFileTypes: true }).filter(isServed)) {
    serveFile(app, `${route}/${name}`, pageFile(`${folder}/${name}`));
  }
}

function isServed(entry: { readonly name: string; readonly isFile: () => boolean }): boolean {
  return entry.isFile() && extname(entry.name) in typeOf;
}

/** A page, or a piece of one, as it is written. */
export function pageText(path: string): string {
  return readFileSync(new URL(path, web), 'utf8');
}

/** Serves a page under a policy of its own: only scripts that carry the nonce of this very answer run. */
export function servePage(
  app: Express,
  route: string,
  path: string,
  values: Readonly<Record<string, string>> = {},
): void {
  const filled = Object.entries(values).reduce(
    (text, [name, value]) => text.replaceAll(`{{${name}}}`, value),
    pageText(path),
  );
  const headers = pageHeaders({ reportUrl: cspReportsPath });
  app.get(route, (_request, response) => {
    const nonce = randomBytes(16).toString('base64');
    response
      .writeHead(200, {
        ...headers(nonce),
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
      })
      .end(filled.replaceAll('{{nonce}}', nonce));
  });
}
