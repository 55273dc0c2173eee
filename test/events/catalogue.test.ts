import { expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { CloudEvent } from 'cloudevents';
import { readFileSync } from 'node:fs';
import { eventTypes } from '../../src/domain/events/event-types.ts';
import { eventSchema, jsonSchemaOf } from '../../src/events/catalogue.ts';
import { type JsonSchema, breakingChanges } from '../../src/events/compatibility.ts';
import { type Released, breaksOf, currentSchemas } from '../../src/events/released.ts';

const published = (name: string): string =>
  readFileSync(new URL(`../../docs/events/${name}`, import.meta.url), 'utf8');

const released = JSON.parse(published('released.json')) as Released;

test('what was released is still kept, and a type or property that is missing is noticed', () => {
  const now = currentSchemas();
  expect(breaksOf(released, now)).toEqual([]);
  const { 'order.captured': _gone, ...rest } = now;
  expect(breaksOf(released, rest)).toEqual(['order.captured: the type is gone']);
  const without = structuredClone(now) as Record<string, { properties: { data: { properties: object } } }>;
  Reflect.deleteProperty(without['order.captured']?.properties.data.properties ?? {}, 'captured');
  expect(breaksOf(released, without as Released)).toEqual(['order.captured: /data/captured is gone']);
});

test.each(eventTypes)(
  'the example of %s is a CloudEvent that its JSON Schema and the code accept',
  (type) => {
    const example = JSON.parse(published(`${type}.example.json`)) as Record<string, unknown>;
    const ajv = new Ajv2020({ strict: true });
    addFormats.default(ajv);
    const validate = ajv.compile(JSON.parse(published(`${type}.schema.json`)) as object);
    validate(example);
    expect(validate.errors).toBeNull();
    expect(eventSchema(type).safeParse(example).error).toBeUndefined();
    expect(new CloudEvent(example, true).validate()).toBe(true);
  },
);

const declined = jsonSchemaOf('payment.declined') as JsonSchema;
const changed = (change: (data: Record<string, unknown>) => void): JsonSchema => {
  const copy = structuredClone(declined) as { properties: { data: Record<string, unknown> } };
  change(copy.properties.data);
  return copy;
};
const properties = (data: Record<string, unknown>) =>
  data['properties'] as Record<string, Record<string, unknown>>;

test.each([
  [
    'a property is gone',
    (data) => {
      delete properties(data)['advice'];
    },
    '/data/advice is gone',
  ],
  ['a property may be absent', (data) => void (data['required'] = []), '/data/code may now be absent'],
  [
    'a type changes',
    (data) => void (properties(data)['code'] = { type: 'integer' }),
    '/data/code is now integer',
  ],
  [
    'a null appears',
    (data) => void (properties(data)['code'] = { type: ['string', 'null'] }),
    '/data/code is now null or string',
  ],
  [
    'a closed list grows',
    (data) =>
      void (properties(data)['advice'] = { type: 'string', enum: ['transient', 'fix', 'never', 'maybe'] }),
    '/data/advice may now be maybe',
  ],
  [
    'a pattern changes',
    (data) => void (properties(data)['order_id'] = { type: 'string', pattern: '.*' }),
    '/data/order_id has another pattern',
  ],
] satisfies [string, (data: Record<string, unknown>) => void, string][])(
  'readers break when %s',
  (_what, change, expected) => {
    expect(breakingChanges(declined, changed(change))).toContain(expected);
  },
);

test('readers do not break when a property is added', () => {
  const more = changed((data) => void (properties(data)['hint'] = { type: 'string' }));
  expect(breakingChanges(declined, more)).toEqual([]);
});

const assessed = jsonSchemaOf('assessment.made') as JsonSchema;
const created = jsonSchemaOf('order.created') as JsonSchema;

test.each([
  [
    'what may be null has another bound',
    assessed,
    ['"maximum":1', '"maximum":100'],
    '/data/score has another maximum',
  ],
  [
    'the values of a map are of another type',
    created,
    ['"additionalProperties":{"type":"string"}', '"additionalProperties":{"type":"number"}'],
    '/data/metadata/* is now number',
  ],
] satisfies [string, JsonSchema, [string, string], string][])(
  'readers break when %s',
  (_what, old, [from, to], expected) => {
    const now = JSON.parse(JSON.stringify(old).replace(from, to)) as JsonSchema;
    expect(breakingChanges(old, now)).toEqual([expected]);
  },
);
