import { json, type Answer } from '../answer.ts';
import { faultSchema, type Facts, type Fault } from '../fault-script.ts';
import type { Incoming, Reply } from '../http-server.ts';
import type { Account, FiledReply, StoredReply } from './account.ts';
import { ApiError, broken, invalid, lockTimeoutAnswer, rateLimitAnswer } from './api-error.ts';
import { faultOfToken } from './cards.ts';
import { expand } from './expand.ts';
import { printOf, recall } from './idempotency.ts';
import { parseForm, type Tree } from './params.ts';
import { customerRoutes } from './routes/customers.ts';
import { paymentIntentRoutes } from './routes/payment-intents.ts';
import { readingRoutes } from './routes/readings.ts';
import { refundRoutes } from './routes/refunds.ts';
import type { Route, Routes } from './routes/route.ts';
import { setupIntentRoutes } from './routes/setup-intents.ts';
import { webhookEndpointRoutes } from './routes/webhook-endpoints.ts';
import { apiVersionDefault, type World } from './world.ts';

const routes: ReadonlyMap<string, Route> = new Map(
  Object.entries<Route>({
    ...paymentIntentRoutes,
    ...refundRoutes,
    ...readingRoutes,
    ...customerRoutes,
    ...setupIntentRoutes,
    ...webhookEndpointRoutes,
  } satisfies Routes),
);

/** One API request, read and placed. */
type Call = {
  readonly account: Account;
  readonly method: string;
  readonly path: string;
  readonly tree: Tree;
  readonly expansions: readonly string[];
  readonly route: Route;
  readonly id: string;
  readonly second: string;
  readonly key: string | undefined;
  readonly print: string;
  readonly requestId: string;
  readonly version: string;
};

/** The value is kept, not its text: stored replies then share the objects they hold, and are written alike each time. */
type Outcome = { readonly status: number; readonly value: unknown };

/** Answers `/v1/…` as Stripe does: who is asking, was this asked before, is it well asked, and then do it. */
export function answerApi(world: World, incoming: Incoming, reply: Reply): void {
  const requestId = world.newId('req');
  let call: Call;
  let stored: StoredReply | undefined;
  try {
    call = place(world, incoming, requestId);
    if (call.key !== undefined) stored = recall(call.account, call.key, call.print, world.now());
  } catch (error) {
    reply(toAnswer({ requestId, version: apiVersionDefault }, refusal(error)));
    return;
  }
  const scripted = world.faults.take(() => factsOf(call));
  if (stored !== undefined) {
    const replayed = { 'idempotent-replayed': 'true', 'original-request': stored.request };
    reply(toAnswer(call, stored, replayed), scripted);
    return;
  }
  const fault = scripted ?? tokenFault(call);
  const delayed = fault?.do === 'delay' && fault.when === 'before';
  if (fault !== undefined && !delayed && isBefore(fault)) {
    reply(unheard(fault), fault);
    return;
  }
  const execute = () => {
    if (call.key !== undefined) call.account.inFlight.delete(call.key);
    const outcome = run(world, call, fault);
    reply(toAnswer(call, outcome), delayed ? undefined : fault);
  };
  const waitMs = world.latencyMs + (delayed ? fault.ms : 0);
  if (waitMs === 0) {
    execute();
    return;
  }
  if (call.key !== undefined) call.account.inFlight.add(call.key);
  setTimeout(execute, waitMs).unref();
}

function place(world: World, incoming: Incoming, requestId: string): Call {
  const { method, path, headers } = incoming;
  const account = authenticate(world, headers.authorization);
  const given = method === 'POST' ? incoming.body : incoming.query;
  const tree = parseForm(given);
  const expansions =
    typeof tree['expand'] === 'object'
      ? Object.values(tree['expand']).filter((path) => typeof path === 'string')
      : [];
  delete tree['expand'];
  const key = headers['idempotency-key'];
  const version = headers['stripe-version'];
  return {
    account,
    method,
    path,
    tree,
    expansions,
    ...find(method, path),
    key: method === 'POST' && typeof key === 'string' && key !== '' ? key : undefined,
    print: method === 'POST' ? printOf(method, path, given) : '',
    requestId,
    version: typeof version === 'string' ? version : apiVersionDefault,
  };
}

function authenticate(world: World, authorization: string | undefined): Account {
  const secretKey = /^Bearer (sk_test_\w+)$/.exec(authorization ?? '')?.[1];
  if (secretKey !== undefined) return world.accountOf(secretKey);
  throw new ApiError(401, {
    type: 'invalid_request_error',
    message:
      authorization === undefined
        ? 'You did not provide an API key. The stand-in Stripe takes any key that starts with sk_test_.'
        : 'Invalid API Key provided. The stand-in Stripe takes any key that starts with sk_test_.',
  });
}

function find(method: string, path: string): Pick<Call, 'route' | 'id' | 'second'> {
  const [, , ...steps] = path.split('/');
  if (steps[0] === 'radar') steps.splice(0, 2, `radar/${steps[1] ?? ''}`);
  const [name = '', id, action, second] = steps;
  const pattern =
    `${method} ${name}` +
    (id === undefined ? '' : '/:id') +
    (action === undefined ? '' : `/${action}`) +
    (second === undefined ? '' : '/:id');
  const route = routes.get(pattern);
  if (route === undefined || steps.length > 4)
    throw new ApiError(404, invalid(`Unrecognized request URL (${method}: ${path}).`).body);
  return { route, id: decodeURIComponent(id ?? ''), second: decodeURIComponent(second ?? '') };
}

/** Does what is asked, once, and remembers what it said if there is a key to remember it by. */
function run(world: World, call: Call, fault: Fault | undefined): Outcome {
  let execution: ReturnType<Route>;
  try {
    execution = call.route(call.tree);
  } catch (error) {
    return refusal(error);
  }
  const books = world.open(call.account, {
    requestId: call.requestId,
    key: call.key ?? null,
    version: call.version,
  });
  let outcome: Outcome;
  let shown: unknown;
  try {
    shown = execution(books, call.id, call.second);
    outcome = { status: 200, value: expand(call.account, shown, call.expansions) };
  } catch (error) {
    outcome = refusal(error);
  }
  if (fault?.do === 'error') outcome = { status: fault.status ?? broken.status, value: broken.value };
  const { key, print } = call;
  const head = { print, request: call.requestId, at: world.now(), status: outcome.status };
  const object = books.change.objects.find((each) => each === shown);
  const filed: FiledReply =
    object === undefined || outcome.status !== 200
      ? { ...head, value: outcome.value }
      : { ...head, shows: object.id, expand: call.expansions };
  world.commit(books, key, filed);
  return outcome;
}

function refusal(error: unknown): Outcome {
  if (error instanceof ApiError) return { status: error.status, value: { error: error.body } };
  const message = error instanceof Error ? error.message : String(error);
  return {
    status: 500,
    value: { error: { type: 'api_error', message: `A bug in the stand-in: ${message}` } },
  };
}

function toAnswer(
  call: { readonly requestId: string; readonly version: string; readonly key?: string | undefined },
  outcome: Outcome,
  more: Record<string, string> = {},
): Answer {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    'request-id': call.requestId,
    'stripe-version': call.version,
    ...more,
  };
  if (call.key !== undefined) headers['idempotency-key'] = call.key;
  return { status: outcome.status, headers, body: JSON.stringify(outcome.value) };
}

/** Being told to slow down comes before anything is done, whatever the script says. */
function isBefore(fault: Fault): boolean {
  return fault.when === 'before' || fault.do === 'rate_limit' || fault.do === 'lock_timeout';
}

/** What is said, if anything, when nothing was done. */
function unheard(fault: Fault): Answer {
  if (fault.do === 'rate_limit') return rateLimitAnswer(fault.retry_after);
  if (fault.do === 'lock_timeout') return lockTimeoutAnswer(fault.status ?? 429);
  return json(fault.status ?? broken.status, broken.value);
}

/** What a script may look at: what the request says, or what the intent it names says. */
function factsOf({ account, method, path, tree, id, key }: Call): Facts {
  const intent = account.tables.payment_intent.get(id);
  const given = tree['payment_method'] ?? intent?.payment_method ?? undefined;
  const method_ = typeof given === 'string' ? account.tables.payment_method.get(given) : undefined;
  const metadata = typeof tree['metadata'] === 'object' ? tree['metadata'] : {};
  return {
    method,
    path,
    key,
    token: method_?.sandbox.token ?? (typeof given === 'string' ? given : undefined),
    metadata: { ...intent?.metadata, ...(metadata as Record<string, string>) },
  };
}

/** Some tokens carry their fault with them, so that a demo shop can show it. They act where money would move. */
function tokenFault(call: Call): Fault | undefined {
  if (call.method !== 'POST' || !call.path.startsWith('/v1/payment_intents')) return undefined;
  if (call.tree['confirm'] !== 'true' && !call.path.endsWith('/confirm')) return undefined;
  const spec = faultOfToken(factsOf(call).token ?? '');
  return spec === undefined ? undefined : faultSchema.parse(spec);
}

export function refused(error: unknown): Answer {
  const { status, value } = refusal(error);
  return json(status, value);
}
