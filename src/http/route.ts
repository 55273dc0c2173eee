import type { z } from 'zod';
import type { Refusal } from '../domain/refusal.ts';
import type { Scope } from '../domain/scope.ts';
import type { Answer } from '../flows/answer.ts';
import type { MerchantId } from '../kernel/ids.ts';
import type { ApiKey } from '../domain/merchant.ts';
import type { NewRequest, RequestKind } from '../domain/request.ts';
import type { Deps } from '../flows/deps.ts';
import { nothing } from './codec/parts.ts';
import type { Problem } from './problem.ts';
import type { ProblemCode } from './problem-catalogue.ts';
import type { Gate, Left } from './rate-limit/gate.ts';
import type { Call } from './rate-limit/limits.ts';
import type { Visit } from './rate-limit/rate-limiter.ts';

/**
 * One operation of the API. It is declared once: the router, the validation and openapi.json all read this value.
 */
export type Route<
  Params extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodType = z.ZodType,
> = {
  readonly operationId: string;
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** In OpenAPI's form: `/v1/checkouts/{checkout_id}`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
  /** What the key must be allowed to do. `client` routes also take a publishable key with the checkout's secret. */
  readonly scope: Scope;
  readonly client: boolean;
  /** A publishable key alone will do: there is no checkout yet. */
  readonly anyBrowser?: true;
  /** What limits, challenges and load shedding take the call for. Absent: `read` for GET, else `manage`. */
  readonly call?: Call;
  /** What the body tells limits about the buyer, and about the call where the route alone does not say. */
  readonly about?: (body: z.output<Body>) => { readonly call?: Call; readonly keys?: Visit['keys'] };
  /** What became of the call by its reply and body, where that makes a caller suspicious; null when they say nothing. */
  readonly outcomeOf?: (reply: string, body: z.output<Body>) => Left | null;
  /** What a browser is shown of a reply; absent, all of it. */
  readonly forBrowser?: (reply: string) => string;
  readonly params: Params;
  readonly query: Query;
  /** Null: the call takes no body. */
  readonly body: Body | null;
  /** Null: reading needs no Idempotency-Key. */
  readonly moves: RequestKind | null;
  /** Taken from keys that have a signature key only when it is signed. */
  readonly signed?: true;
  readonly reply: { readonly status: 200 | 201; readonly schema: z.ZodType; readonly description: string };
  /** The problems that are particular to this call; those of every call are added by the document. */
  readonly problems: readonly ProblemCode[];
  readonly handle: (input: {
    readonly deps: Deps;
    readonly caller: Caller;
    readonly params: z.output<Params>;
    readonly query: z.output<Query>;
    readonly body: z.output<Body>;
    /** The request's journal entry; only where `moves` is set. */
    readonly request: NewRequest;
    /** Whether the call came with the solution of a challenge. */
    readonly hasProved: boolean;
    /** For the calls about challenges and limits. */
    readonly gate: Pick<Gate, 'issue' | 'verify' | 'stateOf'>;
  }) => Promise<Answered>;
};

/** What a handler gives back: a stored reply, a fresh document, a refusal of the product, or a problem. */
export type Answered = Answer | { readonly document: object } | Refusal | { readonly problem: Problem };

export type Caller = {
  readonly key: ApiKey;
  readonly merchantId: MerchantId;
  /** SHA-256 of the client secret that came with a publishable key. */
  readonly clientSecretHash?: string;
  readonly address: string;
  readonly userAgent?: string;
  readonly acceptLanguage?: string;
  readonly clientHints?: string;
};

/** What is as it is here need not be said. */
const unsaid = {
  client: false,
  params: nothing,
  query: nothing,
  body: null,
  moves: null,
  problems: [],
} as const;

type Declared<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType> = Omit<
  Route<Params, Query, Body>,
  keyof typeof unsaid
> &
  Partial<Pick<Route<Params, Query, Body>, keyof typeof unsaid>>;

/** Declares a route; the type parameters follow from the schemas. */
export function route<
  Params extends z.ZodObject = typeof nothing,
  Query extends z.ZodObject = typeof nothing,
  Body extends z.ZodType = z.ZodType,
>(declared: Declared<Params, Query, Body>): Route {
  return { ...unsaid, ...declared } as Route;
}
