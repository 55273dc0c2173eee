import { readFileSync } from 'node:fs';
import fc from 'fast-check';

/** What this folder reads of an OpenAPI document. */
export type Schema = Readonly<Record<string, unknown>>;
export type Parameter = {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Schema;
};
export type Operation = {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | null;
  /** The answer does not end: a stream of events. */
  readonly endless: boolean;
  /** By status: the schema of the reply, or null where it has no body. */
  readonly replies: ReadonlyMap<number, Schema | null>;
};

type Document = {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Declared>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
};
type Declared = {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: Schema }>> }>
  >;
};

/** The published document, as clients read it. */
export const document = JSON.parse(
  readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8'),
) as Document;

const firstSchema = (content?: Readonly<Record<string, { readonly schema: Schema }>>): Schema | null =>
  Object.values(content ?? {})[0]?.schema ?? null;

/** Every operation of the document. */
export const operations: readonly Operation[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, declared]) => ({
    id: declared.operationId,
    method: method.toUpperCase(),
    path,
    parameters: declared.parameters ?? [],
    body: firstSchema(declared.requestBody?.content),
    endless: 'text/event-stream' in (declared.responses['200']?.content ?? {}),
    replies: new Map(
      Object.entries(declared.responses).map(([status, { content }]) => [
        Number(status),
        firstSchema(content),
      ]),
    ),
  })),
);

/** The prefixes of the ids that a path names: `chk` of `/v1/checkouts/{checkout_id}`. */
export function idPrefixesOf({ parameters }: Operation): readonly string[] {
  return parameters
    .filter((parameter) => parameter.in === 'path')
    .map(prefixOf)
    .filter((prefix) => prefix !== '');
}

/** The path with an id in every place, chosen by its prefix; a place for a word gets that, or the document's example. */
export function pathWith(
  { path, parameters }: Operation,
  idOf: (prefix: string) => string,
  word?: string,
): string {
  return path.replace(/\{(\w+)\}/g, (_, named: string) => {
    const parameter = parameters.find(({ name }) => name === named);
    const prefix = parameter === undefined ? '' : prefixOf(parameter);
    if (prefix !== '') return idOf(prefix);
    return word ?? String((parameter?.schema['examples'] as unknown[])[0]);
  });
}

function prefixOf({ schema }: Parameter): string {
  return /^\^([a-z]+)_/.exec((schema['pattern'] ?? '') as string)?.[1] ?? '';
}

/** Values that the schema allows: nearly all of them are; what a schema cannot say may still be refused. */
export function valuesOf(schema: Schema): fc.Arbitrary<unknown> {
  const { $ref, enum: listed, anyOf, oneOf, type } = schema;
  if (typeof $ref === 'string') {
    return valuesOf(document.components.schemas[$ref.replace('#/components/schemas/', '')] ?? {});
  }
  if ('const' in schema) return fc.constant(schema['const']);
  if (Array.isArray(listed)) return fc.constantFrom(...(listed as unknown[]));
  const either = anyOf ?? oneOf;
  if (Array.isArray(either)) return fc.oneof(...(either as Schema[]).map(valuesOf));
  switch (type) {
    case 'object':
      return objectsOf(schema);
    case 'array':
      return fc.array(valuesOf((schema['items'] ?? {}) as Schema), { maxLength: 3 });
    case 'string':
      return textsOf(schema);
    case 'integer':
      return fc.integer({ min: bound(schema, 'minimum', -1000), max: bound(schema, 'maximum', 1_000_000) });
    case 'number':
      return fc.double({
        min: bound(schema, 'minimum', -1000),
        max: bound(schema, 'maximum', 1e6),
        noNaN: true,
      });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.constantFrom('text', 7, true);
  }
}

function bound(schema: Schema, name: 'minimum' | 'maximum', otherwise: number): number {
  const given = schema[name];
  return typeof given === 'number' && Math.abs(given) <= 2 ** 31 ? given : otherwise;
}

function objectsOf({
  properties,
  required,
  additionalProperties,
  propertyNames,
}: Schema): fc.Arbitrary<unknown> {
  if (properties === undefined) {
    const values = valuesOf((additionalProperties ?? {}) as Schema);
    return fc.dictionary(
      propertyNames === undefined ? fc.stringMatching(/^\w{1,9}$/) : textsOf(propertyNames as Schema),
      values,
      { maxKeys: 3 },
    );
  }
  const fields = Object.entries(properties as Record<string, Schema>);
  return fc.record(Object.fromEntries(fields.map(([name, field]) => [name, valuesOf(field)])), {
    requiredKeys: (required ?? []) as string[],
    noNullPrototype: true,
  });
}

function textsOf({
  pattern,
  format,
  minLength,
  maxLength,
  examples,
  description,
}: Schema): fc.Arbitrary<string> {
  if (typeof description === 'string' && description.startsWith('https,'))
    return fc.constant('https://shop.example.com/told');
  if (Array.isArray(examples)) return fc.constantFrom(...(examples as string[]));
  switch (format) {
    case 'date-time':
      return fc.constantFrom(
        '2026-01-31T12:00:00Z',
        '2026-02-28T23:59:59.999+02:00',
        '2099-12-31T23:59:59Z',
        new Date().toISOString(),
      );
    case 'email':
      return fc.constantFrom('buyer@example.com', 'b.uyer+tag@shop.example');
    case 'uri':
      return fc.constantFrom('https://shop.example/thanks', 'http://localhost:3000/thanks');
    case 'ipv4':
      return fc.ipV4();
    case 'ipv6':
      return fc.ipV6();
    case 'uuid':
      return fc.uuid();
  }
  if (typeof pattern === 'string' && !/\(\?[!<=]/.test(pattern))
    return fc.stringMatching(new RegExp(pattern));
  return fc.string({
    unit: 'grapheme',
    minLength: typeof minLength === 'number' ? minLength : 0,
    maxLength: Math.min(typeof maxLength === 'number' ? maxLength : 40, 60),
  });
}
