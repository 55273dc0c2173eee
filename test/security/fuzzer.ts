import { setTimeout as sleep } from 'node:timers/promises';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import {
  document,
  idPrefixesOf,
  operations,
  pathWith,
  valuesOf,
  type Operation,
  type Schema,
} from './operations.ts';

/** One request, and whether its maker expected it to be understood. */
type Shot = {
  readonly operation: Operation;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
};

export type Keys = {
  readonly secret: string;
  readonly publishable: string;
  readonly other: string;
  readonly powerless: readonly string[];
};

export type Findings = {
  readonly requests: number;
  /** Server errors, undocumented statuses, replies that are not what the document says. */
  readonly faults: readonly string[];
  /** Documented, and not seen: `getOrder 500`. */
  readonly unreached: readonly string[];
};

const ajv = new Ajv2020({ strict: false, allErrors: false });
addFormats.default(ajv);
ajv.addSchema({ $id: 'api', components: document.components });

const validators = new Map<Schema, ValidateFunction>();
function isValid(schema: Schema, value: unknown): string | null {
  let validate = validators.get(schema);
  if (validate === undefined) {
    const text = JSON.stringify(schema).replaceAll('"#/components', '"api#/components');
    validators.set(schema, (validate = ajv.compile(JSON.parse(text) as Schema)));
  }
  return validate(value) ? null : ajv.errorsText(validate.errors);
}

/** What people have broken JSON services with. */
const hostile = [
  '{"__proto__":{"admin":true}}',
  '{"constructor":{"prototype":{"admin":true}}}',
  '{"amount":1e400,"currency":"EUR"}',
  '{"amount":9007199254740993,"currency":"EUR"}',
  '{"amount":-0,"currency":"EUR"}',
  '{"amount":1,"amount":2,"currency":"EUR"}',
  '{"metadata":{"a":"\\u0000"}}',
  '{"metadata":{"a":"\\ud800"}}',
  '\ufeff{}',
  '['.repeat(5_000),
  '{"a":'.repeat(40),
  `{${Array.from({ length: 1_100 }, (_, at) => `"k${at}":1`).join()}}`,
  'null',
  '[]',
  '"text"',
  '{',
  '',
  'x'.repeat(40_000),
  "{'a':1}",
  '{"email":"\' or 1=1 --"}',
  '{"signals":{"card":{"bin":"4111111111111111"}}}',
  '{"metadata":{"note":"4242 4242 4242 4242"}}',
];

const oddTexts = [
  '',
  '0',
  '-1',
  'null',
  '../..',
  '%00',
  '%ff',
  '%2e%2e%2f',
  "'",
  '<script>',
  '💣',
  'a'.repeat(300),
];

const pick = <T>(...of: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...of);

/** Replaces one member somewhere in a valid body by something that does not belong there, or takes it out. */
const spoilt = (values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc
    .tuple(
      values,
      fc.nat(),
      fc.oneof(fc.jsonValue({ maxDepth: 2 }), pick<unknown>(undefined, 1e21, -1, '\u202e', [])),
    )
    .map(([value, at, odd]) => {
      if (typeof value !== 'object' || value === null) return odd;
      const names = [...Object.keys(value), 'unknown'];
      return { ...value, [names[at % names.length] ?? 'unknown']: odd };
    });

/** Mostly what there is, sometimes nobody's, sometimes no id at all. */
function idsOf(prefix: string, known: readonly string[]): fc.Arbitrary<string> {
  const there = known.filter((id) => id.startsWith(`${prefix}_`));
  return fc.oneof(
    { weight: 8, arbitrary: there.length > 0 ? pick(...there) : pick('none') },
    {
      weight: 1,
      arbitrary: fc.stringMatching(/^[0-9a-hjkmnp-tv-z]{26}$/).map((rest) => `${prefix}_${rest}`),
    },
    { weight: 1, arbitrary: pick(...oddTexts.filter((text) => text !== '')).map(encodeOnce) },
  );
}

function shots(operation: Operation, keys: Keys, known: readonly string[]): fc.Arbitrary<Shot> {
  const prefixes = idPrefixesOf(operation);
  const odd = fc.oneof(
    { weight: 8, arbitrary: pick(undefined) },
    { weight: 1, arbitrary: pick('no-such-list', '%00', '%ff') },
  );
  const paths = fc.tuple(odd, ...prefixes.map((prefix) => idsOf(prefix, known))).map(([word, ...ids]) => {
    const byPrefix = new Map(prefixes.map((prefix, at) => [prefix, ids[at] ?? '']));
    return pathWith(operation, (prefix) => byPrefix.get(prefix) ?? '', word);
  });
  const query = operation.parameters.filter((parameter) => parameter.in === 'query');
  const queries = fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .record(Object.fromEntries(query.map(({ name, schema }) => [name, valuesOf(schema)])), {
          requiredKeys: query.filter(({ required }) => required === true).map(({ name }) => name),
        })
        .map((given) =>
          Object.entries(given)
            .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
            .join('&'),
        ),
    },
    {
      weight: 1,
      arbitrary: pick(
        'unknown=1',
        '%zz',
        'a[b]=c',
        'limit=1&limit=2',
        'limit=0',
        'after=-1',
        '_method=DELETE',
      ),
    },
  );
  const json = operation.body === null ? pick(undefined) : valuesOf(operation.body);
  const bodies: fc.Arbitrary<string | undefined> =
    operation.body === null
      ? pick(undefined)
      : fc.oneof(
          { weight: 8, arbitrary: json.map((value) => JSON.stringify(value)) },
          { weight: 4, arbitrary: spoilt(json).map((value) => JSON.stringify(value)) },
          { weight: 2, arbitrary: pick(...hostile) },
          { weight: 1, arbitrary: fc.json() },
        );
  const authorization = fc.oneof(
    { weight: 14, arbitrary: pick(`Bearer ${keys.secret}`) },
    {
      weight: 1,
      arbitrary: fc
        .oneof(pick(keys.other, keys.publishable), pick(...keys.powerless))
        .map((key) => `Bearer ${key}`),
    },
    {
      weight: 1,
      arbitrary: pick('', 'Bearer', `Basic ${keys.secret}`, 'Bearer sk_wrong_wrong_wrong_wrong_wrong'),
    },
  );
  const idempotency = fc.oneof(
    { weight: 12, arbitrary: fc.uuid() },
    { weight: 2, arbitrary: pick('again', '"again"') },
    { weight: 1, arbitrary: pick('', '"', 'a b', 'k'.repeat(300), 'é') },
  );
  const types = fc.oneof(
    { weight: 14, arbitrary: pick('application/json', 'application/json; charset=utf-8') },
    { weight: 1, arbitrary: pick('text/plain', 'application/xml', 'application/json; charset=latin1', '') },
  );
  const extras = fc.oneof(
    { weight: 10, arbitrary: pick({}) },
    {
      weight: 1,
      arbitrary: pick<Record<string, string>>(
        { 'content-encoding': 'gzip' },
        { 'x-http-method-override': 'DELETE' },
        { 'x-forwarded-for': '10.0.0.1, 127.0.0.1' },
        { 'request-id': 'x'.repeat(500) },
        { traceparent: '00-zz' },
        { 'tillgate-challenge-solution': 'bm9uc2Vuc2U=' },
        { 'tillgate-client-secret': 'cs_guessed' },
        { 'x-note': '4242424242424242' },
      ),
    },
  );
  return fc
    .tuple(paths, queries, bodies, authorization, idempotency, types, extras)
    .map(([path, search, body, bearer, key, type, extra]) => ({
      operation,
      path: path + (search === '' ? '' : `?${search}`),
      headers: headersOf({
        authorization: bearer,
        'idempotency-key': key,
        'content-type': body === undefined ? '' : type,
        ...extra,
      }),
      body: body?.replace(
        anId,
        (was, kind: string) => known.find((each) => each.startsWith(`${kind}_`)) ?? was,
      ),
    }));
}

/** An id in a body: it should be one that there is. */
const anId = /\b([a-z]{3})_[0-9a-hjkmnp-tv-z]{26}\b/g;

function encodeOnce(text: string): string {
  return text.startsWith('%') ? text : encodeURIComponent(text);
}

/** An empty header is none; what is not Latin-1 no client can send. */
function headersOf(given: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
}

/**
 * Sends requests that the document describes, and some that it does not, and holds every reply against the document.
 * The same seed sends the same requests, but for the ids, which it learns from the replies.
 */
export async function fuzz(asked: {
  readonly api: string;
  readonly keys: Keys;
  readonly requests: number;
  readonly seed: number;
  readonly atOnce: number;
  /** Between rounds: limits count by the minute, and hide behind 429 what else there is to be answered. */
  readonly pauseMs: number;
  /** Makes things that are worth asking about, and answers their ids: once a round. */
  readonly material: () => Promise<readonly string[]>;
}): Promise<Findings> {
  const faults: string[] = [];
  const seen = new Set<string>();
  const known: string[] = [];
  /** The policy of the event that the document's example names, which whoever changes it has to know. */
  let inForce = '';
  const targets = operations.filter(({ endless }) => !endless);
  const rounds = 20;
  let sent = 0;
  for (let round = 0; round < rounds; round += 1) {
    const each = Math.ceil(asked.requests / rounds / targets.length);
    const made = await asked.material();
    const volley = targets.flatMap((operation, at) =>
      fc.sample(shots(operation, asked.keys, [...made, ...made, ...known.slice(-200)]), {
        numRuns: each,
        seed: asked.seed + round * 1000 + at,
      }),
    );
    const waiting =
      fc.sample(fc.shuffledSubarray(volley, { minLength: volley.length }), {
        numRuns: 1,
        seed: asked.seed,
      })[0] ?? [];
    const worker = async (): Promise<void> => {
      for (let shot = waiting.pop(); shot !== undefined; shot = waiting.pop()) {
        sent += 1;
        const body = sent % 2 === 0 ? shot.body : shot.body?.replace(/(?<="replaces":")[^"]*/, inForce);
        const { status, text, type } = await send(asked.api, { ...shot, body });
        inForce = /"event":"login".*?"hash":"(\w+)"/.exec(text)?.[1] ?? inForce;
        seen.add(`${shot.operation.id} ${status}`);
        for (const [id] of text.matchAll(/\b[a-z]{2,4}_[0-9a-hjkmnp-tv-z]{26}\b/g)) {
          if (known.length < 20_000 && !id.startsWith('req_') && !id.startsWith('evt_')) known.push(id);
        }
        const wrong = wrongWith(shot.operation, status, type, text);
        if (wrong !== null && faults.length < 50) {
          faults.push(
            `${shot.operation.method} ${shot.path} ${JSON.stringify(shot.headers)} ${(shot.body ?? '').slice(0, 300)} → ${status} ${wrong}`,
          );
        }
      }
    };
    await Promise.all(Array.from({ length: asked.atOnce }, worker));
    await sleep(asked.pauseMs);
  }
  // A stranger is through after 240 calls a minute, and everybody at this address who has no key with it.
  for (let at = 0; at < 260 + targets.length; at += 1) {
    const operation = targets[Math.max(0, at - 260)];
    if (operation === undefined) break;
    const path = pathWith(operation, () => 'none');
    const headers = { 'content-type': 'application/json' };
    const body = operation.body === null ? undefined : '{}';
    const { status } = await send(asked.api, { operation, path, headers, body });
    seen.add(`${operation.id} ${status}`);
    sent += 1;
  }
  const unreached = targets.flatMap(({ id, replies }) =>
    [...replies.keys()].map((status) => `${id} ${status}`).filter((name) => !seen.has(name)),
  );
  return { requests: sent, faults, unreached };
}

async function send(api: string, { operation, path, headers, body }: Shot) {
  const response = await fetch(api + path, {
    method: operation.method,
    headers,
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
  });
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    text: await response.text(),
  };
}

function wrongWith({ replies }: Operation, status: number, type: string, text: string): string | null {
  if (status >= 500) return `is a server error: ${text.slice(0, 200)}`;
  if (/node_modules|\bat .+\.ts:\d|SELECT |"stack"/.test(text)) return 'shows its insides';
  const schema = replies.get(status);
  if (schema === undefined) return `is not documented: ${text.slice(0, 200)}`;
  if (schema === null) return text === '' ? null : 'has a body that is not documented';
  if (!(status < 300 ? /^application\/json/ : /^application\/problem\+json/).test(type))
    return `comes as ${type}`;
  const invalid = isValid(schema, JSON.parse(text));
  return invalid === null ? null : `is not as documented: ${invalid}: ${text.slice(0, 300)}`;
}
