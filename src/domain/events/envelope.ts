import { toRfc3339 } from '../../kernel/instant.ts';
import type { Event, EventType } from './event.ts';

/**
 * An event as every sink sends it: CloudEvents 1.0.2, structured, JSON. `source` and `id` together are unique;
 * `subject` is what the sequence counts in, and `sequence` is zero-padded because the extension of this name compares
 * as text.
 */
export type Envelope = {
  readonly specversion: '1.0';
  readonly id: string;
  readonly source: string;
  readonly type: EventType;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly dataschema: string;
  readonly sequence: string;
  readonly traceparent?: string;
  readonly tracelink?: string;
  readonly data: object;
};

/** Enough for any aggregate; the type of the number is `bigint` in the database. */
const sequenceDigits = 10;

export function toEnvelope(event: Event): Envelope {
  return {
    specversion: '1.0',
    id: event.id,
    source: `/merchants/${event.merchantId}`,
    type: event.type,
    subject: event.aggregate.id,
    time: toRfc3339(event.at),
    datacontenttype: 'application/json',
    dataschema: schemaName(event.type),
    sequence: String(event.sequence).padStart(sequenceDigits, '0'),
    ...(event.traceparent === undefined ? {} : { traceparent: event.traceparent }),
    ...(event.tracelink === undefined ? {} : { tracelink: event.tracelink }),
    data: toWireData(event.data) as object,
  };
}

/** Names the schema of docs/events. The number would count breaking changes; so far a type has never broken. */
export function schemaName(type: EventType): string {
  return `urn:tillgate:event:${type}:1`;
}

/** A domain value as it is written on the wire: our field names in snake case, the shop's own as it wrote them. */
export type Wire<T> = T extends bigint
  ? number
  : T extends string | number | boolean | null | undefined
    ? T
    : T extends readonly (infer Item)[]
      ? readonly Wire<Item>[]
      : string extends keyof T
        ? T
        : { readonly [Name in keyof T as Snake<Name & string>]: Wire<T[Name]> };

type Snake<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? First extends Lowercase<First>
    ? `${First}${Snake<Rest>}`
    : `_${Lowercase<First>}${Snake<Rest>}`
  : '';

export function toWireData(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(toWireData);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      name === 'metadata' ? each : toWireData(each),
    ]),
  );
}
