import { z } from 'zod';
import { type ProblemCode, problemCatalogue } from './problem-catalogue.ts';
import type { Route } from './route.ts';

/** Problems that any call may answer with, beside its own. */
const common: readonly ProblemCode[] = [
  'authentication_required',
  'permission_denied',
  'quota_exceeded',
  // A query, and what looks like a card number in the address or a header, are refused everywhere.
  'parameter_unknown',
  'parameter_repeated',
  'url_malformed',
  'card_number_refused',
  'overloaded',
  'internal',
  'unavailable',
];

const withBody: readonly ProblemCode[] = [
  'body_required',
  'body_incomplete',
  'body_too_large',
  'content_type_refused',
  'content_encoding_refused',
  'json_malformed',
  'json_not_utf8',
  'json_byte_order_mark',
  'json_duplicate_key',
  'json_key_refused',
  'json_number_inexact',
  'json_text_refused',
  'json_too_deep',
  'json_too_large',
  'input_invalid',
];

const withKey: readonly ProblemCode[] = [
  'idempotency_key_missing',
  'idempotency_key_malformed',
  'idempotency_key_reused',
  'request_in_flight',
];

/** The OpenAPI 3.1 document of the declared routes: what is validated and what is documented are one thing. */
export function openApiDocument(routes: readonly Route[], version: string): object {
  const schemas: Record<string, unknown> = { Problem: problemSchema };
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tillgate',
      version,
      description: 'The checkout gate that a storefront delegates to: payments, fraud risk and order events.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', 'x-internal': false }],
    security: [{ secretKey: [] }],
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    components: {
      headers: {
        RateLimit: {
          description:
            'What is left of the limit that is nearest to its end, and when it begins anew, in seconds.',
          schema: { type: 'string', examples: ['"payment-address";r=52;t=600'] },
        },
        RateLimitPolicy: {
          description: 'The quota and the window, in seconds, of that limit.',
          schema: { type: 'string', examples: ['"payment-address";q=60;w=600'] },
        },
        RetryAfter: {
          description: 'In how many seconds the call may be repeated.',
          schema: { type: 'integer', format: 'int32', minimum: 1, maximum: 86_400 },
        },
      },
      securitySchemes: {
        secretKey: { type: 'http', scheme: 'bearer', description: 'sk_…, for servers only.' },
        publishableKey: {
          type: 'http',
          scheme: 'bearer',
          description: 'pk_…, for browsers, with a client secret.',
        },
        clientSecret: { type: 'apiKey', in: 'header', name: 'Tillgate-Client-Secret' },
      },
      schemas,
    },
  };
}

function operationOf(route: Route, schemas: Record<string, unknown>): object {
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    description: route.description,
    ...(route.client && { security: [{ secretKey: [] }, { publishableKey: [], clientSecret: [] }] }),
    parameters: [
      ...parameters(route.params, 'path', schemas),
      ...parameters(route.query, 'query', schemas),
      ...(route.moves === null ? [] : [idempotencyKey]),
      ...(route.call === undefined ? [] : [challengeSolution]),
      ...(route.signed === true ? signatureHeaders : []),
    ],
    ...(route.body === null
      ? {}
      : {
          requestBody: {
            required: !route.body.safeParse(undefined).success,
            content: { 'application/json': { schema: schemaOf(route.body, 'input', schemas) } },
          },
        }),
    responses: {
      [route.reply.status]: {
        description: route.reply.description,
        headers: {
          ...limitHeaders,
          'Request-Id': { schema: { type: 'string' } },
          ...(route.moves !== null && {
            'Idempotent-Replayed': { schema: { type: 'string', const: 'true' } },
          }),
        },
        content: { 'application/json': { schema: schemaOf(route.reply.schema, 'input', schemas) } },
      },
      ...problemReplies(route),
    },
  };
}

function parameters(of: z.ZodObject, where: 'path' | 'query', schemas: Record<string, unknown>): object[] {
  return Object.entries(of.shape).map(([name, schema]) => ({
    name,
    in: where,
    required: !(schema as z.ZodType).safeParse(undefined).success,
    schema: schemaOf(schema as z.ZodType, 'input', schemas),
  }));
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  required: true,
  description:
    'Names this request: repeating it with the same key and body gives the same reply and moves no more money.',
  schema: { type: 'string', minLength: 1, maxLength: 257 },
};

const challengeSolution = {
  name: 'Tillgate-Challenge-Solution',
  in: 'header',
  required: false,
  description:
    'The solution of a challenge, after a refusal with `challenge_required`: see `GET /v1/challenges`.',
  schema: { type: 'string', maxLength: 4096 },
};

const signatureHeaders = [
  ['Signature-Input', 'What is signed, and when, as RFC 9421 writes it.'],
  ['Signature', 'The Ed25519 signature.'],
  ['Content-Digest', 'The digest of the body that the signature covers (RFC 9530).'],
].map(([name, description]) => ({
  name,
  in: 'header',
  required: false,
  description,
  schema: { type: 'string', maxLength: 2048 },
}));

/** One entry for each status, listing its codes. */
function problemReplies(route: Route): Record<string, object> {
  const codes = new Set<ProblemCode>([
    ...common,
    ...(Object.keys(route.params.shape).length > 0 ? (['not_found'] as const) : []),
    ...(Object.keys(route.query.shape).length > 0 ? (['input_invalid'] as const) : []),
    ...(route.body === null ? [] : withBody),
    ...(route.moves === null ? [] : withKey),
    ...(route.call === undefined ? [] : (['challenge_required', 'challenge_failed'] as const)),
    ...(route.signed === true ? (['signature_required', 'signature_invalid'] as const) : []),
    ...route.problems,
  ]);
  const replies: Record<string, object> = {};
  for (const status of new Set([...codes].map((code) => problemCatalogue[code].status))) {
    const here = [...codes].filter((code) => problemCatalogue[code].status === status);
    replies[status] = {
      description: here.map((code) => `\`${code}\`: ${problemCatalogue[code].title}.`).join(' '),
      headers: { ...limitHeaders, ...(status === 429 || status === 503 ? retryAfter : {}) },
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
  }
  return replies;
}

const limitHeaders = {
  RateLimit: { $ref: '#/components/headers/RateLimit' },
  'RateLimit-Policy': { $ref: '#/components/headers/RateLimitPolicy' },
};
const retryAfter = { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } };

const problemSchema = {
  type: 'object',
  description: 'RFC 9457. Match on `code`.',
  required: ['type', 'title', 'status', 'detail', 'code', 'instance'],
  properties: {
    type: { type: 'string', format: 'uri-reference' },
    title: { type: 'string' },
    status: { type: 'integer', format: 'int32', minimum: 400, maximum: 599 },
    detail: { type: 'string' },
    code: { type: 'string' },
    instance: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'code', 'detail'],
        properties: { pointer: { type: 'string' }, code: { type: 'string' }, detail: { type: 'string' } },
      },
    },
    challenge: {
      description: 'With `challenge_required` and `challenge_failed`: what the browser is to solve.',
      $ref: '#/components/schemas/Challenge',
    },
  },
};

/** The JSON Schema of a zod schema; schemas with an id become shared components. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', schemas: Record<string, unknown>): unknown {
  const {
    $schema: _,
    $defs,
    ...json
  } = z.toJSONSchema(schema, {
    io,
    target: 'draft-2020-12',
    unrepresentable: 'any',
    reused: 'inline',
  }) as Record<string, unknown>;
  for (const [name, definition] of Object.entries(($defs ?? {}) as Record<string, Record<string, unknown>>)) {
    schemas[name] = relocated(definition);
  }
  const { id } = json;
  if (typeof id !== 'string') return relocated(json);
  schemas[id] = relocated(json);
  return { $ref: `#/components/schemas/${id}` };
}

/** Definitions live under components in OpenAPI, and carry no id of their own. */
function relocated(json: Record<string, unknown>): unknown {
  const { id: _, ...rest } = json;
  return JSON.parse(
    JSON.stringify(rest).replaceAll('#/$defs/', '#/components/schemas/'),
    (_key, value: unknown) => {
      if (typeof value !== 'object' || value === null || !('id' in value) || typeof value.id !== 'string')
        return value;
      if (!('type' in value) && !('oneOf' in value)) return value;
      const { id: __, ...without } = value;
      return without;
    },
  );
}
