/**
 * Whether consumers of an old JSON Schema can read what a new one describes. Answers every place where they could not:
 * a property that is gone, no longer certain, or of another type; a value they do not know; a looser bound.
 *
 * New properties are no break: consumers ignore what they do not know (docs/events/README.md).
 */
export function breakingChanges(old: JsonSchema, now: JsonSchema, path = ''): string[] {
  const at = (name: string): string => `${path}/${name}`;
  const breaks: string[] = [];
  if (!sameJson(typesOf(old), typesOf(now)))
    breaks.push(`${path || '/'} is now ${typesOf(now).join(' or ')}`);
  for (const rule of ['const', 'pattern', 'format', 'minimum', 'maximum'] as const) {
    if (old[rule] !== undefined && !sameJson(old[rule], now[rule]))
      breaks.push(`${path || '/'} has another ${rule}`);
  }
  if (old.enum !== undefined) {
    const added = (now.enum ?? ['anything']).filter((value) => !old.enum?.includes(value));
    if (added.length > 0) breaks.push(`${path || '/'} may now be ${added.join(', ')}`);
  }
  for (const [name, property] of Object.entries(old.properties ?? {})) {
    const here = now.properties?.[name];
    if (here === undefined) breaks.push(`${at(name)} is gone`);
    else breaks.push(...breakingChanges(property, here, at(name)));
    const wasCertain = old.required?.includes(name) === true;
    if (here !== undefined && wasCertain && now.required?.includes(name) !== true)
      breaks.push(`${at(name)} may now be absent`);
  }
  for (const rule of ['items', 'additionalProperties'] as const) {
    const each = old[rule];
    if (each !== undefined && each !== false)
      breaks.push(...breakingChanges(each, shapeOf(now[rule]), at('*')));
  }
  for (const shape of old.anyOf ?? []) {
    const here = shapesOf(now).find((other) => sameJson(typesOf(other), typesOf(shape)));
    if (here !== undefined) breaks.push(...breakingChanges(shape, here, path));
  }
  return breaks;
}

export type JsonSchema = {
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | false;
};

/** Absent, or closed: nothing is said of what is there. */
const shapeOf = (schema: JsonSchema | false | undefined): JsonSchema =>
  schema === false ? {} : (schema ?? {});

/** Each type that a value may have, with its own rules: what may be null has two. */
const shapesOf = (schema: JsonSchema): readonly JsonSchema[] => schema.anyOf ?? [schema];

function typesOf({ type, anyOf }: JsonSchema): string[] {
  if (anyOf !== undefined) return [...new Set(anyOf.flatMap(typesOf))].sort();
  return type === undefined ? [] : [type].flat().sort();
}

function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
