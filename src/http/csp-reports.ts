import type { Express } from 'express';
import { z } from 'zod';
import { whereFrom } from './approach.ts';
import type { Door } from './door.ts';
import { requestId } from './edge/address.ts';

/** What browsers post when a page of ours broke its policy: the old form and the new one (Reporting API). */
const report = z.object({ 'effective-directive': z.string(), 'blocked-uri': z.string() });
const news = z.object({ body: z.object({ effectiveDirective: z.string(), blockedURL: z.string() }) });

const bytesMax = 16 * 1024;

/** Where pages say to send what their policy stopped. */
export const cspReportsPath = '/csp-reports';

/**
 * Counts what the browsers' content security policies stopped, and logs which host it was: a script that somebody
 * slipped into a payment page shows here first. Anybody may post here, so nothing but a count and a host is kept.
 */
export function addCspReports(app: Express, door: Door): void {
  app.post(cspReportsPath, async (request, response) => {
    const id = requestId(request, door.deps.newId);
    const keys = whereFrom(door.readAddress(request));
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > bytesMax) break;
      chunks.push(chunk);
    }
    const stranger = { call: 'read', caller: 'anonymous', keys } as const;
    const admission = door.shed.admit('list');
    if (admission.ok) response.once('close', admission.done);
    // No browser can be told to come later: what is too much is not kept.
    const isTooMuch = length > bytesMax || !admission.ok || !(await door.gate.enter(stranger)).ok;
    for (const { directive, host } of isTooMuch ? [] : readReports(Buffer.concat(chunks))) {
      door.metrics.csp_violations_total.add({ directive });
      door.log.warn('a page’s content security policy stopped something', {
        component: directive,
        reference: host,
        request_id: id,
      });
    }
    response.writeHead(204, { ...door.headers, 'request-id': id }).end();
  });
}

/** The directives there are: a label that anybody could choose would be a series for each of them. */
const directives = new Set(
  'base-uri connect-src default-src font-src form-action frame-ancestors frame-src img-src object-src script-src script-src-attr script-src-elem style-src style-src-attr style-src-elem'.split(
    ' ',
  ),
);

function readReports(body: Buffer): { directive: string; host: string }[] {
  const found = [z.object({ 'csp-report': report }), z.array(news)] as const;
  let json: unknown;
  try {
    json = JSON.parse(body.toString('utf8'));
  } catch {
    return [];
  }
  const old = found[0].safeParse(json).data?.['csp-report'];
  const listed = old === undefined ? (found[1].safeParse(json).data ?? []).slice(0, 20) : [];
  const pairs =
    old === undefined
      ? listed.map(
          ({ body: { effectiveDirective, blockedURL } }) => [effectiveDirective, blockedURL] as const,
        )
      : [[old['effective-directive'], old['blocked-uri']] as const];
  return pairs.map(([directive, url]) => ({
    directive: directives.has(directive) ? directive : 'other',
    host: hostOf(url),
  }));
}

/** The host alone: paths and queries may hold what must not be logged. */
function hostOf(url: string): string {
  if (/^[a-z-]{1,20}$/.test(url)) return url;
  try {
    return new URL(url).host.slice(0, 100);
  } catch {
    return 'unreadable';
  }
}
