import type { Request } from 'express';
import { apiBytesMax, readBody } from './edge/body.ts';
import { readJson } from './edge/json.ts';
import { readQuery } from './edge/query.ts';
import { type Problem, problemOf } from './problem.ts';
import { problemsOf } from './problems-of.ts';
import type { Route } from './route.ts';

/** Something a handler may be given by the request: it stands on its own, or says why not. */
export type Read<T> = { readonly value: T } | { readonly problem: Problem };

/** What a route's schemas made of a request; the route's own types say what it is. */
export type Input = { params: never; query: never; body: never; json: unknown };

export async function readBytes(route: Route, request: Request): Promise<Read<Buffer>> {
  if (route.body === null) return { value: Buffer.alloc(0) };
  const bytes = await readBody(request, {
    bytesMax: apiBytesMax,
    emptyAllowed: route.body.safeParse(undefined).success,
  });
  return bytes.ok ? { value: bytes.bytes } : { problem: problemOf(bytes) };
}

/** Decodes path, query and body by the route's schemas; collects everything that is wrong, not just the first. */
export function readInput(route: Route, request: Request, bytes: Buffer): Read<Input> {
  const names = Object.keys(route.query.shape);
  const query = readQuery(request.originalUrl, names);
  if (!query.ok) return { problem: problemOf(query) };
  const json = bytes.length === 0 ? ({ ok: true, value: undefined } as const) : readJson(bytes);
  if (!json.ok) return { problem: problemOf(json) };

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
