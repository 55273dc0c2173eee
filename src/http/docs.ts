import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Express } from 'express';
import { apiHeaders } from './edge/headers.ts';
import { openApiDocument } from './openapi.ts';
import { renderProblems } from './problem.ts';
import { routes } from './routes.ts';

/** Swagger UI draws with inline styles and data images; it runs only its own files and talks only to this origin. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const files = { 'swagger-ui.css': 'text/css', 'swagger-ui-bundle.js': 'text/javascript' };

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <title>Tillgate API</title>
    <link rel="stylesheet" href="/docs/swagger-ui.css" />
  </head>
  <body>
    <div id="docs"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const start = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, supportedSubmitMethods: [] });\n`;

/** The API's documentation: /docs for people, /openapi.json for programs, /docs/problems for whoever got one. */
export function addDocs(app: Express): void {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const swagger = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const document = JSON.stringify(openApiDocument(routes, version));
  const problems = renderProblems();
  const headers = { ...apiHeaders(), 'content-security-policy': policy };

  const serve = (path: string, type: string, text: string): void => {
    const body = Buffer.from(text);
    const own = { ...headers, 'content-type': `${type}; charset=utf-8`, 'content-length': body.length };
    app.get(path, (_request, response) => {
      response.writeHead(200, own).end(body);
    });
  };
  serve('/docs', 'text/html', page);
  serve('/docs/start.js', 'text/javascript', start);
  serve('/docs/problems', 'text/markdown', problems);
  serve('/openapi.json', 'application/json', document);
  // Kept in memory: many slow readers of a file would keep the threads busy that everybody's files and names wait for.
  for (const [file, type] of Object.entries(files))
    serve(`/docs/${file}`, type, readFileSync(join(swagger, file), 'utf8'));
}
