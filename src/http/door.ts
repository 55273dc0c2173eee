import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import type { Deps } from '../flows/deps.ts';
import type { RequestId } from '../kernel/ids.ts';
import type { Log } from '../observe/log.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { RandomBytes } from '../observe/trace.ts';
import { type Approach, approachOf, classOf, leftBy, strangerAt } from './approach.ts';
import type { Authenticate } from './authenticate.ts';
import { callerOf } from './caller.ts';
import { type ReadAddress, networkOf, requestId } from './edge/address.ts';
import { refuseCardNumber } from './edge/card-number.ts';
import type { Headers } from './edge/headers.ts';
import type { Shed } from './edge/shed.ts';
import { nameRequest } from './idempotency.ts';
import { readBytes, readInput } from './input.ts';
import { type Problem, type SendProblem, problemOf } from './problem.ts';
import type { ProblemCode } from './problem-catalogue.ts';
import type { Gate } from './rate-limit/gate.ts';
import type { Answered, Caller, Route } from './route.ts';
import { refuseUnsigned } from './signature/refuse-unsigned.ts';
import { anyOrigin, preflight, send } from './send.ts';
import { traceOf } from './trace-of.ts';

export type Door = {
  readonly deps: Deps;
  readonly authenticate: Authenticate;
  readonly readAddress: ReadAddress;
  readonly gate: Gate;
  readonly shed: Pick<Shed, 'admit'>;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The security headers of every answer, computed once. */
  readonly headers: Headers;
  readonly sendProblem: SendProblem;
  /** What the traces begin with that no caller began. */
  readonly random: RandomBytes;
};

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
    if (route.client) app.options(path, (_request, response) => preflight(route, response, door.headers));
  }
  extend(app);

  noteMethods(app);

  app.use((request: Request, response: Response) => {
    const methods = (response.locals['methods'] ?? []) as readonly string[];
    const problem: Problem =
      methods.length === 0
        ? { code: 'not_found' }
        : { code: 'method_not_allowed', headers: { allow: [...new Set(methods)].sort().join(', ') } };
    door.sendProblem(response, problem, requestId(request, door.deps.newId));
  });
  app.use((error: unknown, request: Request, response: Response, _next: unknown) => {
    const id = requestId(request, door.deps.newId);
    // The router decodes ids in the path, and throws this where they are not UTF-8.
    if (error instanceof URIError) door.sendProblem(response, { code: 'url_malformed' }, id);
    else fail(door, 'unrouted', error, response, id);
  });
  return app;
}

/** After all routes: who comes this far at a path that there is has come with a method that it has not. */
function noteMethods(app: Express): void {
  for (const { route } of [...app.router.stack]) {
    if (route === undefined) continue;
    const methods = route.stack.map(({ method }) => method.toUpperCase());
    // The router gives HEAD to the handler of GET.
    if (methods.includes('GET')) methods.push('HEAD');
    app.all(route.path, (_request: Request, { locals }: Response, next: NextFunction) => {
      locals['methods'] = [...((locals['methods'] ?? []) as readonly string[]), ...methods];
      next();
    });
  }
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
    if (suspicious.has(problem.code))
      door.log.warn('a call was refused', {
        code: problem.code,
        route: route.operationId,
        request_id: id,
        address_network: networkOf(door.readAddress(request)),
      });
    const cors = route.client ? anyOrigin : {};
    door.sendProblem(response, { ...problem, headers: { ...cors, ...problem.headers } }, id);
  } catch (error) {
    fail(door, route.operationId, error, response, id);
  }
}

/** What a person looks for after an attack: who came without a right to, and what was sent that must not be. */
const suspicious: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'authentication_required',
  'permission_denied',
  'signature_required',
  'signature_invalid',
  'challenge_failed',
  'card_number_refused',
]);

async function handle(
  door: Door,
  route: Route,
  request: Request,
  response: Response,
  id: RequestId,
): Promise<Problem | null> {
  // Before there is room to take: clients that send their bodies slowly would fill it, and do nothing.
  const body = await readBytes(route, request);
  if ('problem' in body) return body.problem;
  const admission = door.shed.admit(classOf(route));
  if (!admission.ok) return { ...problemOf(admission), retryAfterS: admission.retryAfterS };
  response.once('close', admission.done);

  const cardNumber = refuseCardNumber(request, body.value);
  if (cardNumber !== undefined) return problemOf(cardNumber);

  const address = door.readAddress(request);
  const caller = await callerOf(door.authenticate, route, request, address);
  if ('problem' in caller) {
    const stranger = await door.gate.enter(strangerAt(route, address));
    return stranger.ok ? caller.problem : stranger.problem;
  }
  const input = readInput(route, request, body.value);
  const approach = approachOf(route, caller.value, request, 'value' in input ? input.value : undefined);
  const { visit, proof } = approach;
  const solution = request.get('tillgate-challenge-solution');
  const shown = proof && solution !== undefined ? { proof, solution } : undefined;
  const entry = await door.gate.enter(visit, shown);
  if (!entry.ok) return withChallenge(door, caller.value, approach, entry.problem);
  if ('problem' in input) return { ...input.problem, headers: entry.headers };

  const named =
    route.moves === null
      ? noRequest
      : nameRequest({
          merchantId: caller.value.merchantId,
          kind: route.moves,
          method: request.method,
          path: pathOf(route, input.value.params),
          key: request.get('idempotency-key'),
          body: input.value.json,
          rawBody: body.value,
          at: door.deps.clock(),
        });
  if ('problem' in named) return { ...named.problem, headers: entry.headers };
  const unsigned =
    route.signed === true &&
    (await refuseUnsigned(
      {
        method: request.method,
        targetUri: new URL(request.originalUrl, door.deps.publicUrl),
        // As RFC 9421 combines them; Node keeps some headers once, and cookies as a list.
        header: (name) => request.headersDistinct[name]?.join(', '),
        body: body.value,
        request: named,
      },
      caller.value.key,
      { now: door.deps.clock(), once: door.gate.once },
    ));
  if (unsigned) return { ...unsigned, headers: { ...entry.headers, ...unsigned.headers } };
  const answered = await route.handle({
    deps: { ...door.deps, trace: traceOf('request', request, door.random) },
    caller: caller.value,
    request: named,
    hasProved: entry.hasProved,
    gate: door.gate,
    ...input.value,
  });
  const isBrowser = caller.value.key.kind === 'publishable';
  const left = leftBy(route, caller.value, input.value, answered);
  if (left !== null) await door.gate.leave(visit, left);
  const seen = isBrowser ? seenByBrowser(route, answered) : answered;
  const problem = send(route, seen, response, id, { ...door.headers, ...entry.headers });
  return problem && withChallenge(door, caller.value, approach, problem);
}

/** The stored reply stays whole: the shop's server may ask for it again. */
function seenByBrowser({ forBrowser }: Route, answered: Answered): Answered {
  if (forBrowser === undefined || !('reply' in answered)) return answered;
  const { reply } = answered;
  return { ...answered, reply: { ...reply, body: forBrowser(reply.body) } };
}

/** The path without what percent-encoding may hide: `%6frd_…` and `ord_…` are one order, and their requests one. */
function pathOf({ path }: Route, params: Readonly<Record<string, string>>): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '');
}

/** Who is asked for a proof, or showed one that does not hold, is handed what to solve. */
async function withChallenge(
  { gate }: Door,
  { merchantId }: Caller,
  { proof }: Approach,
  problem: Problem,
): Promise<Problem> {
  const isAsked = problem.code === 'challenge_required' || problem.code === 'challenge_failed';
  if (!isAsked || proof === undefined) return problem;
  return { ...problem, challenge: await gate.issue(merchantId, proof.purpose, proof.subject) };
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

/** A fault: what broke is for the log; the caller learns that it may ask again, and when. */
function fail(door: Door, what: string, error: unknown, response: Response, id: RequestId): void {
  const passing = typeof error === 'object' && error !== null && 'passing' in error && error.passing === true;
  door.log.error('a request failed', { route: what, request_id: id, error });
  door.sendProblem(response, passing ? { code: 'unavailable', retryAfterS: 1 } : { code: 'internal' }, id);
}
