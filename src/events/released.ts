import { eventTypes } from '../domain/events/event-types.ts';
import { jsonSchemaOf } from './catalogue.ts';
import { type JsonSchema, breakingChanges } from './compatibility.ts';

/** The schemas that consumers were given, by type: docs/events/released.json. */
export type Released = Readonly<Record<string, JsonSchema>>;

/** What the code says now. */
export function currentSchemas(): Released {
  return Object.fromEntries(eventTypes.map((type) => [type, jsonSchemaOf(type) as JsonSchema]));
}

/** Everything that would break a consumer of what was released. */
export function breaksOf(released: Released, now: Released): string[] {
  return Object.entries(released).flatMap(([type, old]) => {
    const current = now[type];
    if (current === undefined) return [`${type}: the type is gone`];
    return breakingChanges(old, current).map((each) => `${type}: ${each}`);
  });
}
