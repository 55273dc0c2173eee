import type { IncomingMessage, ServerResponse } from 'node:http';
import { problemCatalogue, type ProblemCode } from './problem-catalogue.ts';

/** One wrong place of the input: an RFC 6901 pointer into the body, or the name of a parameter or header. */
export type FieldError = { readonly pointer: string; readonly code: string; readonly detail: string };

/** What a route knows of a problem. `detail` is public text about this occurrence: it never repeats the input. */
export type Problem = {
  readonly code: ProblemCode;
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  readonly retryAfterS?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** What to solve, where a proof is asked for. */
  readonly challenge?: object;
};

/** RFC 9457. */
export type ProblemDocument = {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ProblemCode;
  readonly instance: string;
  readonly errors?: readonly FieldError[];
  readonly challenge?: object;
};

/** What the strict edge says when it refuses; `pointer` names the culprit where there is one. */
export type EdgeRefusal = {
  readonly ok: false;
  readonly code: ProblemCode;
  readonly detail: string;
  readonly pointer?: string;
};

export type SendProblem = (response: ServerResponse, problem: Problem, requestId: string) => void;

export function problemOf({ code, detail, pointer }: EdgeRefusal): Problem {
  return pointer === undefined ? { code, detail } : { code, detail, errors: [{ pointer, code, detail }] };
}

export function problemDocument(problem: Problem, requestId: string, docsUrl: string): ProblemDocument {
  const { status, title, explanation } = problemCatalogue[problem.code];
  return {
    type: `${docsUrl}/problems#${problem.code}`,
    title,
    status,
    detail: problem.detail ?? explanation,
    code: problem.code,
    instance: requestId,
    ...(problem.errors && { errors: problem.errors }),
    ...(problem.challenge && { challenge: problem.challenge }),
  };
}

/**
 * Makes the one function that answers with a problem. `headers` are the security headers computed at start.
 * Nothing is written when the answer has already begun: half an answer cannot be taken back, so it is cut off.
 */
export function problemSender(start: {
  docsUrl: string;
  headers: Readonly<Record<string, string>>;
}): SendProblem {
  return (response, problem, requestId) => {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const document = problemDocument(problem, requestId, start.docsUrl);
    const body = Buffer.from(JSON.stringify(document));
    const headers: Record<string, string | number> = {
      ...start.headers,
      ...problem.headers,
      ...(problem.retryAfterS !== undefined && { 'retry-after': Math.ceil(problem.retryAfterS) }),
      'content-type': 'application/problem+json',
      'content-length': body.length,
      'cache-control': 'no-store',
      'request-id': requestId,
      ...(isLong(response.req) && { connection: 'close' }),
    };
    response.writeHead(document.status, headers).end(body);
  };
}

/** A refused upload that is long or endless is cut off; Node drains a short one, so that its sender reads the answer. */
function isLong({ complete, headers }: IncomingMessage): boolean {
  return (
    !complete &&
    (headers['transfer-encoding'] !== undefined || Number(headers['content-length']) > 256 * 1024)
  );
}

/** The page that `type` of every problem document points into. */
export function renderProblems(catalogue: typeof problemCatalogue = problemCatalogue): string {
  const sections = Object.entries(catalogue).map(
    ([code, { status, title, explanation }]) => `## ${code}\n\n**${status} ${title}.** ${explanation}\n`,
  );
  return [
    '# Problems\n',
    'Every refusal is an RFC 9457 document (`application/problem+json`). Match on `code`, show `title` and `detail` to\n' +
      'people, quote `instance` when you ask for help. This page is generated from `src/http/problem-catalogue.ts`.\n',
    ...sections,
  ].join('\n');
}
