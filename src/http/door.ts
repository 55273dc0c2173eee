import express, { type Express, type Request, type Response } from 'express';
import { isRefusal } from '../domain/refusal.ts';
import type { Deps } from '../flows/deps.ts';
import type { RequestId } from '../kernel/ids.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import { hashSecret } from '../flows/secret.ts';
import type { Authenticate } from './authenticate.ts';
import { type ReadAddress, requestId } from './edge/address.ts';
import { apiBytesMax, readBody } from './edge/body.ts';
import { refuseCardNumber } from './edge/card-number.ts';
import type { Headers } from './edge/headers.ts';
import { readJson } from './edge/json.ts';
import { readQuery } from './edge/query.ts';
import { nameRequest } from './idempotency.ts';
import { type EdgeRefusal, type Problem, type SendProblem, problemOf } from './problem.ts';
import { problemsOf } from './problems-of.ts';
import type { Answered, Caller, Route } from './route.ts';

export type Door = {
  readonly deps: Deps;
  readonly authenticate: Authenticate;
  readonly readAddress: ReadAddress;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The security headers of every answer, computed once. */
  readonly headers: Headers;
  readonly sendProblem: SendProblem;
};

/** Something a handler may be given by the request: it stands on its own, or says why not. */
type Read<T> = { readonly value: T } | { readonly problem: Problem };

const noStore = { 'cache-control': 'no-store', 'content-type': 'application/json' };

/** Browsers call the client routes from the shop's own origin; there are no cookies, so any origin may. */
const anyOrigin = { 'access-control-allow-origin': '*', vary: 'origin' };

/** Makes the public application out of the declared routes; `extend` adds what is not JSON: webhooks, pages. */
export function makeApp(door: Door, routes: readonly Route[], extend: (app: Express) => void): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.set('case sensitive routing', true);
  app.set('strict routing', true);

  for (const route of routes) {
    const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
    app[route.method](path, (request, response) => answer(door, route, request, response));
    if (route.client) app.options(path, (request, response) => preflight(door, route, request, response));
  }
  extend(app);

  app.use((request: Request, response: Response) => {
    door.sendProblem(response, { code: 'not_found' }, requestId(request, door.deps.newId));
  });
  app.use((error: unknown, request: Request, response: Response, _next: unknown) => {
    fail(door, 'unrouted', error, response, requestId(request, door.deps.newId));
  });
  return app;
}

/** The way of one request: who asks, what is asked, whether it was asked before, and the answer. */
async function answer(door: Door, route: Route, request: Request, response: Response): Promise<void> {
  const began = performance.now();
  const id = requestId(request, door.deps.newId);
  response.once('close', () => {
    const labels = { method: route.method, route: route.path, status: String(response.statusCode) };
    door.metrics.http_request_seconds.observe(labels, (performance.now() - began) / 1000);
  });
  try {
    const problem = await handle(door, route, request, response, id);
    if (problem === null) return;
    door.metrics.http_refused_total.add({ code: problem.code });
    const cors = route.client ? anyOrigin : {};
    door.sendProblem(response, { ...problem, headers: { ...cors, ...problem.headers } }, id);
  } catch (error) {
    fail(door, route.operationId, error, response, id);
  }
}

async function handle(
  door: Door,
  route: Route,
  request: Request,
  response: Response,
  id: RequestId,
): Promise<Problem | null> {
  const body = await readBytes(route, request);
  if ('problem' in body) return body.problem;
  const cardNumber = refuseCardNumber(request, body.value);
  if (cardNumber !== undefined) return problemOf(cardNumber);

  const caller = await callerOf(door, route, request);
  if ('problem' in caller) return caller.problem;
  const input = read(route, request, body.value);
  if ('problem' in input) return input.problem;

  const named =
    route.moves === null
      ? noRequest
      : nameRequest({
          merchantId: caller.value.merchantId,
          kind: route.moves,
          method: request.method,
          path: request.path,
          key: request.get('idempotency-key'),
          body: input.value.json,
          rawBody: body.value,
          at: door.deps.clock(),
        });
  if ('problem' in named) return named.problem;
  const answered = await route.handle({
    deps: door.deps,
    caller: caller.value,
    request: named,
    ...input.value,
  });
  return send(door, route, answered, response, id);
}

async function readBytes(route: Route, request: Request): Promise<Read<Buffer>> {
  if (route.body === null) return { value: Buffer.alloc(0) };
  const bytes = await readBody(request, {
    bytesMax: apiBytesMax,
    emptyAllowed: route.body.safeParse(undefined).success,
  });
  return bytes.ok ? { value: bytes.bytes } : { problem: problemOf(bytes) };
}

async function callerOf(door: Door, route: Route, request: Request): Promise<Read<Caller>> {
  const key = await door.authenticate(request.get('authorization'));
  if (key === null) {
    return { problem: { code: 'authentication_required', headers: { 'www-authenticate': 'Bearer' } } };
  }
  const isPublishable = key.kind === 'publishable';
  if (!key.scopes.includes(route.scope) || (isPublishable && !route.client)) {
    return { problem: { code: 'permission_denied' } };
  }
  const secret = request.get('tillgate-client-secret');
  if (isPublishable && secret === undefined) {
    return {
      problem: {
        code: 'authentication_required',
        detail: 'A publishable key needs the checkout’s client secret in the Tillgate-Client-Secret header.',
      },
    };
  }
  const optional = {
    userAgent: request.get('user-agent'),
    acceptLanguage: request.get('accept-language'),
    clientHints: request.get('sec-ch-ua'),
    clientSecretHash: isPublishable && secret !== undefined ? hashSecret(secret).toString('hex') : undefined,
  };
  const told = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return { value: { key, merchantId: key.merchantId, address: door.readAddress(request), ...told } };
}

type Input = { params: never; query: never; body: never; json: unknown };

/** Decodes path, query and body by the route's schemas; collects everything that is wrong, not just the first. */
function read(route: Route, request: Request, bytes: Buffer): Read<Input> {
  const names = Object.keys(route.query.shape);
  const query = readQuery(request.originalUrl, names);
  if (!query.ok) return refusal(query);
  const json = bytes.length === 0 ? ({ ok: true, value: undefined } as const) : readJson(bytes);
  if (!json.ok) return refusal(json);

  // A malformed id names nothing: the answer is that of an id which does not exist.
  const params = route.params.safeParse(request.params);
  if (!params.success) return { problem: { code: 'not_found' } };
  const parsedQuery = route.query.safeParse(query.value);
  const body = route.body?.safeParse(json.value);
  const errors = [
    ...(parsedQuery.success ? [] : problemsOf(parsedQuery.error, '?')),
    ...(body === undefined || body.success ? [] : problemsOf(body.error, '')),
  ];
  if (errors.length > 0 || !parsedQuery.success || body?.success === false) {
    return { problem: { code: 'input_invalid', errors } };
  }
  return {
    value: {
      params: params.data as never,
      query: parsedQuery.data as never,
      body: body?.data as never,
      json: json.value,
    },
  };
}

function refusal(refused: EdgeRefusal): { problem: Problem } {
  return { problem: problemOf(refused) };
}

/** Only read by handlers of routes that move money, and those have a real one. */
const noRequest = {
  merchantId: 'mer_',
  scope: '',
  kind: 'create_checkout',
  bodyDigest: '',
  rawDigest: '',
  openedAt: 0,
} as const;

function send(
  door: Door,
  route: Route,
  answered: Answered,
  response: Response,
  id: RequestId,
): Problem | null {
  if ('problem' in answered) return answered.problem;
  if (isRefusal(answered)) {
    return {
      code: answered.refused,
      detail: answered.detail,
      ...(answered.pointer && {
        errors: [{ pointer: answered.pointer, code: answered.refused, detail: answered.detail }],
      }),
      ...(answered.refused === 'request_in_flight' && { retryAfterS: 1 }),
    };
  }
  const reply =
    'document' in answered
      ? { status: route.reply.status, body: JSON.stringify(answered.document) }
      : answered.reply;
  const body = Buffer.from(reply.body);
  response
    .writeHead(reply.status, {
      ...door.headers,
      ...noStore,
      ...(route.client ? anyOrigin : {}),
      'content-length': body.length,
      'request-id': id,
      ...('replayed' in answered && answered.replayed ? { 'idempotent-replayed': 'true' } : {}),
    })
    .end(body);
  return null;
}

function preflight(door: Door, route: Route, _request: Request, response: Response): void {
  response
    .writeHead(204, {
      ...door.headers,
      ...anyOrigin,
      'access-control-allow-methods': route.method.toUpperCase(),
      'access-control-allow-headers':
        'authorization, content-type, idempotency-key, tillgate-client-secret, request-id',
      'access-control-max-age': '600',
    })
    .end();
}

/** A fault: what broke is for the log; the caller learns that it may ask again, and when. */
function fail(door: Door, what: string, error: unknown, response: Response, id: RequestId): void {
  const passing = typeof error === 'object' && error !== null && 'passing' in error && error.passing === true;
  door.log.error('a request failed', { route: what, request_id: id, error });
  door.sendProblem(response, passing ? { code: 'unavailable', retryAfterS: 1 } : { code: 'internal' }, id);
}
