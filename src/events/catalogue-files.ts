import { eventTypes } from '../domain/events/event-types.ts';
import { retryScheduleMs } from '../domain/events/webhook-endpoint.ts';
import { hourMs, minuteMs, secondMs } from '../kernel/instant.ts';
import { catalogue, jsonSchemaOf } from './catalogue.ts';
import type { JsonSchema } from './compatibility.ts';

/** Everything in docs/events, by file name. */
export function catalogueFiles(): Readonly<Record<string, string>> {
  const files: Record<string, string> = { 'README.md': readme() };
  for (const type of eventTypes) {
    const schema = jsonSchemaOf(type);
    files[schemaFile(type)] = `${JSON.stringify(schema, null, 2)}\n`;
    files[`${type}.example.json`] = `${JSON.stringify(exampleFor(schema), null, 2)}\n`;
  }
  return files;
}

export function schemaFile(type: string): string {
  return `${type}.schema.json`;
}

type Annotated = JsonSchema & { readonly examples?: readonly unknown[] };

/** A value that the schema allows: its example, its only value, or one of its type. */
function exampleFor(schema: Annotated): unknown {
  if (schema.examples !== undefined) return schema.examples[0];
  if (schema.const !== undefined) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  if (schema.properties !== undefined) {
    return Object.fromEntries(
      Object.entries(schema.properties).map(([name, property]) => [name, exampleFor(property)]),
    );
  }
  if (schema.format === 'date-time') return '2026-03-01T09:30:00.000Z';
  if (schema.type === 'array') return [];
  if (schema.type === 'boolean') return false;
  throw new Error(`a schema without an example: ${JSON.stringify(schema)}`);
}

function readme(): string {
  const rows = eventTypes.map(
    (type) =>
      `| [\`${type}\`](${schemaFile(type)}) | ${catalogue[type].says} | [example](${type}.example.json) |`,
  );
  return `# Events

What Tillgate tells the rest of a shop. Generated from \`src/events/catalogue.ts\` by \`npm run check -- --write\`;
the compiler holds the catalogue against the domain, and the check fails when these files are stale.

Every event leaves through a sink as a [CloudEvent](https://cloudevents.io) 1.0.2 in structured JSON; \`/v1/events\` and its stream
show the same facts in the form of the API (\`at\` for \`time\`, \`aggregate.id\` for \`subject\`). No event holds personal data: buyers,
cards and addresses appear as references. A merchant may let two fields of its checkouts into the events of its own orders,
\`customer_reference\` and \`metadata\`: an operator says so with \`npm run keys -- fields MERCHANT --events
customer.reference,metadata\`, and takes them out with \`--events ""\`. It counts within seconds, for events from then on: what was
said stays in the outbox, its archives and whatever consumers keep.

| type | what it says | |
| --- | --- | --- |
${rows.join('\n')}

## What is promised

- Whatever is committed is said: the event is written in the same statement as the fact, delivered at least once.
- \`source\` and \`id\` name the event; every copy has the same. Dedupe on \`id\`, behind SNS and SQS too: Amazon drops copies for five
  minutes only, and a repeat may come later.
- \`sequence\` counts 1, 2, 3 … within \`subject\`, without gaps. Every sink keeps the order within a subject; between
  subjects there is none. \`tillgate/events\` has a consumer that dedupes, checks the sequence and reports gaps.
- \`traceparent\` continues the trace of the request that caused the event. What a webhook of a PSP or a worker concludes, which
  may be days later, has a trace of its own: link it to \`tracelink\`, the last request about the same order.
- A sink that refuses an event five times gets the later ones of the same subject only after it:
  \`npm run events -- set-aside\`, \`replay\`, \`skip\`. A sink that answers "taken" and then loses the event is beyond us.

## Consuming

A consumer in Node that keeps a read model of the orders, whatever comes twice or too early:

\`\`\`js
import { consumer, memoryLedger, orders, readWebhook } from 'tillgate/events';

let model = orders.empty;
const { receive, gaps } = consumer(memoryLedger(), async (event) => {
  model = orders.apply(model, event);
});

/** \`body\` is the text as it came: the signature is over its bytes. Throws when no secret verifies it: answer 401. */
export async function onWebhook(body, headers, secrets) {
  await receive(readWebhook(body, headers, secrets));
  return { model, missing: gaps() };
}
\`\`\`

An endpoint with a filter of types, one that was made in the middle of an order, or an event that was given up (\`skip\`) leaves a gap
that nothing fills: what comes after it in its subject is kept and not applied, until \`skip(gap)\` of the consumer, with one of
\`gaps()\`, says to go on without. Subscribe such a consumer to all types. It keeps 10,000 early events (\`earlyMax\`) and answers
\`full\` to more: leave those unacknowledged.

From Kafka, Redis Streams or SQS, \`readEvent\` takes the place of \`readWebhook\`. A ledger of your own, kept in the transaction
that \`apply\` writes in, makes each event count once whatever crashes. \`growing(orders)\` holds a model
that grows in place, for as many orders as there are. \`project(orders, events)\` and \`project(kpis, events)\` build the same from all
events again, and \`npm run events -- rebuild\` does from the archive and the outbox; \`toBytes\` of all is equal.

## What may change

A consumer that ignores what it does not know never breaks. Without notice there may come new types, new properties, new
values of text fields whose description says so, and looser rules for what we accept.

Breaking, and refused by the check: a property that is gone, that may now be absent or null, that has another type,
format, pattern or bound, and a new value of a closed list. What has to break becomes a new type, and both are sent for a
year.

What was promised is kept in [released.json](released.json). \`npm run check\` compares the code with it and fails when a type
is gone or a change breaks; \`npm run events -- release\` adds what is new to the promise, with every release, and never takes
anything out. Whoever has to break a promise edits that file by hand, in the open.

## Webhooks

Signed as [Standard Webhooks](https://www.standardwebhooks.com) 1.0.0 says: \`webhook-id\` (the event's id),
\`webhook-timestamp\`, \`webhook-signature\`; during a rotation of the secret with two signatures. Any 2xx is a success;
redirects are not followed; 410 disables the endpoint. After a failure we come back after ${schedule()}, each up to a
fifth later, or when \`Retry-After\` of a 429, 502, 503 or 504 says. An order's next event waits for the one before it.
An endpoint that failed for a whole schedule without one success is disabled, and \`webhook_endpoint.disabled\` says so.
Endpoints are https on port 443 or 8443 at public addresses; a name is resolved once, and that address is called.
`;
}

function schedule(): string {
  return retryScheduleMs
    .slice(1)
    .map((ms) =>
      ms < minuteMs ? `${ms / secondMs} s` : ms < hourMs ? `${ms / minuteMs} min` : `${ms / hourMs} h`,
    )
    .join(', ');
}
