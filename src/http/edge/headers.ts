import { ServerResponse, IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';

export type Headers = Readonly<Record<string, string>>;

type Directives = Record<string, string[]>;

/** Two years, as the preload list asks; sub-domains are the merchant's business, so they are not included. */
const hsts = { maxAge: 63_072_000, includeSubDomains: false };

/** What every API answer carries: it is data, so nothing may be loaded, framed or sniffed from it. */
export function apiHeaders(): Headers {
  return headersWith({ 'default-src': ["'none'"], 'base-uri': ["'none'"], 'frame-ancestors': ["'none'"] });
}

/**
 * What a page carries. `nonce` is fresh for every answer; `frameAncestors` are the origins of the shops that may
 * frame it, none by default. The hosts of Stripe and Adyen are the ones their documentation lists for their fields
 * and 3-D Secure frames; issuers' challenge pages live anywhere, inside Stripe's or Adyen's own frame.
 */
export function pageHeaders(page: {
  reportUrl?: string;
  frameAncestors?: readonly string[];
}): (nonce: string) => Headers {
  const stand = 'NONCE';
  const headers = headersWith({
    'default-src': ["'none'"],
    'script-src': [`'nonce-${stand}'`, "'strict-dynamic'", 'https://js.stripe.com', 'https://*.adyen.com'],
    'style-src': ["'self'", `'nonce-${stand}'`],
    'img-src': ["'self'", 'data:', 'https://*.stripe.com', 'https://*.adyen.com'],
    'font-src': ["'self'"],
    'connect-src': ["'self'", 'https://api.stripe.com', 'https://*.adyen.com'],
    'frame-src': ['https://js.stripe.com', 'https://hooks.stripe.com', 'https://*.adyen.com'],
    'form-action': ["'self'"],
    'object-src': ["'none'"],
    'base-uri': ["'none'"],
    'frame-ancestors': page.frameAncestors?.length ? [...page.frameAncestors] : ["'none'"],
    ...(page.reportUrl !== undefined && { 'report-uri': [page.reportUrl], 'report-to': ['csp'] }),
  });
  const policy = headers['content-security-policy'] ?? '';
  const rest: Record<string, string> = { ...headers };
  if (page.reportUrl !== undefined) rest['reporting-endpoints'] = `csp="${page.reportUrl}"`;
  // X-Frame-Options cannot name a shop, and would forbid what frame-ancestors allows.
  if (page.frameAncestors?.length) delete rest['x-frame-options'];
  return (nonce) => ({ ...rest, 'content-security-policy': policy.replaceAll(stand, nonce) });
}

/** Runs helmet once, on an answer that nobody gets, and keeps what it wrote: 20 µs a request otherwise. */
function headersWith(directives: Directives): Headers {
  const answer = new ServerResponse(new IncomingMessage(new Socket()));
  const middleware = helmet({
    contentSecurityPolicy: { useDefaults: false, directives },
    strictTransportSecurity: hsts,
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
  middleware(answer.req, answer, (error?: unknown) => {
    if (error instanceof Error) throw error;
  });
  return Object.fromEntries(
    Object.entries(answer.getHeaders()).map(([name, value]) => [name, String(value)]),
  );
}
