import { createPublicKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type EventField, eventFields } from '../domain/events/event-fields.ts';
import { createMerchant } from '../flows/create-merchant.ts';
import { publishableScopes } from '../domain/scope.ts';
import { issueApiKey, rotateApiKey } from '../flows/issue-api-key.ts';
import { type Scope, scopes } from '../domain/scope.ts';
import type { ListedApiKey } from '../domain/merchant.ts';
import { blockListOf } from '../http/edge/address.ts';
import { type Id, type NewId, idFrom, isId } from '../kernel/ids.ts';
import { hourMs } from '../kernel/instant.ts';
import { openPatiently } from '../store/database.ts';
import { postgresStore } from '../store/postgres-store.ts';
import { readArguments } from './arguments.ts';
import { databaseOptions, databaseUrl } from './database.ts';

const usage = `Merchants and their API keys:
  keys merchant NAME                     make a merchant with a key of each kind
  keys fields MERCHANT --events a,b      what its order events hold beside references: customer.reference, metadata
  keys list [MERCHANT]                   list merchants, or the keys of one: scopes, last use, expiry
  keys create MERCHANT [--kind secret|publishable] [--scopes a,b] [--days N] [--networks 192.0.2.0/24,…]
  keys rotate KEY [--overlap-hours 24]   make a successor; the old key works until the overlap ends
  keys revoke KEY                        end a key now
  keys sign KEY --public-key FILE        take refunds only when signed (RFC 9421): an Ed25519 key in PEM
  keys unsign KEY                        take them unsigned again
in --database URL, the database of DATABASE_URL, or the embedded PostgreSQL of a running npm start (--data .tillgate)`;

const { values, positionals } = readArguments(
  {
    allowPositionals: true,
    options: {
      kind: { type: 'string', default: 'secret' },
      scopes: { type: 'string' },
      days: { type: 'string' },
      networks: { type: 'string', default: '' },
      events: { type: 'string' },
      'public-key': { type: 'string' },
      'overlap-hours': { type: 'string', default: '24' },
      ...databaseOptions,
    },
  },
  usage,
);

const clock = Date.now;
const newId: NewId = (prefix) => idFrom(prefix, clock(), randomBytes(10));

/** A wrong command line; its message is all there is to say. */
class Misused extends Error {
  override readonly name = 'Misused';
}

async function run(): Promise<object> {
  const [command, subject = ''] = positionals;
  if (command === undefined) throw new Misused(usage);
  const url = databaseUrl(values);
  if (url === null) throw new Misused('DATABASE_URL is missing, and no embedded PostgreSQL runs');
  const database = openPatiently(url);
  const store = postgresStore(database);
  const deps = { clock, newId, store };
  try {
    switch (command) {
      case 'merchant':
        if (subject === '') throw new Misused(usage);
        return await createMerchant(deps, subject);
      case 'fields': {
        const fields = fieldsIn(values.events);
        if (!(await store.merchants.setEventFields(idOf('mer', subject), fields)))
          throw new Misused(`there is no merchant ${subject}`);
        return { id: subject, event_fields: fields };
      }
      case 'list':
        if (subject === '') return { merchants: await store.merchants.list() };
        return { keys: (await store.merchants.listApiKeys(idOf('mer', subject))).map(shown) };
      case 'create':
        return await issueApiKey(deps, { merchantId: idOf('mer', subject), ...wanted() });
      case 'rotate': {
        const overlapMs = wholeNumber('overlap-hours', values['overlap-hours']) * hourMs;
        const fresh = await rotateApiKey(deps, { id: idOf('key', subject), overlapMs });
        if (fresh === null) throw new Misused(`there is no live key ${subject}`);
        return fresh;
      }
      case 'revoke':
        await store.merchants.expireApiKey(idOf('key', subject), clock());
        return { revoked: subject };
      case 'sign':
      case 'unsign': {
        const signatureKey = command === 'sign' ? publicKeyIn(values['public-key']) : null;
        if (!(await store.merchants.setSignatureKey(idOf('key', subject), signatureKey)))
          throw new Misused(`there is no key ${subject}`);
        return { id: subject, refunds_signed: signatureKey !== null };
      }
      default:
        throw new Misused(usage);
    }
  } finally {
    await database.close();
  }
}

/** An empty list takes all of them out again; a list that is missing is a mistake. */
function fieldsIn(list: string | undefined): readonly EventField[] {
  if (list === undefined) throw new Misused(`--events is missing; there are ${eventFields.join()}`);
  return list
    .split(',')
    .filter((each) => each !== '')
    .map((each) => {
      const field = eventFields.find((one) => one === each);
      if (field === undefined)
        throw new Misused(`there is no field ${each}; there are ${eventFields.join()}`);
      return field;
    });
}

function wanted() {
  const { kind } = values;
  if (kind !== 'secret' && kind !== 'publishable') throw new Misused('--kind is secret or publishable');
  const named = values.scopes?.split(',') ?? (kind === 'secret' ? scopes : publishableScopes);
  const unknown = named.filter((each) => !(scopes as readonly string[]).includes(each));
  if (unknown.length > 0)
    throw new Misused(`there is no scope ${unknown.join()}; there are ${scopes.join()}`);
  const networks = values.networks.split(',').filter((each) => each !== '');
  try {
    blockListOf(networks);
  } catch {
    throw new Misused('--networks has something that is neither an address nor a block such as 192.0.2.0/24');
  }
  const expiresAt =
    values.days === undefined ? null : clock() + wholeNumber('days', values.days) * 24 * hourMs;
  return { kind, scopes: named as readonly Scope[], networks, expiresAt } as const;
}

/** The raw half of an Ed25519 key that may be known: SubjectPublicKeyInfo, as `openssl pkey -pubout` writes it. */
function publicKeyIn(path: string | undefined): Uint8Array {
  if (path === undefined) throw new Misused('--public-key is missing');
  try {
    const { kty, crv, x } = createPublicKey(readFileSync(path)).export({ format: 'jwk' });
    if (kty === 'OKP' && crv === 'Ed25519' && x !== undefined) return Buffer.from(x, 'base64url');
  } catch {
    // Said below: which of the libraries' words describe it does not help.
  }
  throw new Misused('--public-key names no file with an Ed25519 public key in PEM');
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new Misused(`--${name} is a whole number`);
  return Number(text);
}

function idOf<Prefix extends string>(prefix: Prefix, text: string): Id<Prefix> {
  if (!isId(prefix, text))
    throw new Misused(`${text === '' ? 'nothing' : text} is no id of the form ${prefix}_…`);
  return text;
}

function shown({
  id,
  kind,
  hint,
  scopes: may,
  networks,
  createdAt,
  lastUsedAt,
  expiresAt,
  signatureKey,
}: ListedApiKey): object {
  const at = (instant: number | null): string | null =>
    instant === null ? null : new Date(instant).toISOString();
  return {
    id,
    kind,
    hint,
    scopes: may,
    networks,
    refunds_signed: signatureKey !== null,
    created: at(createdAt),
    last_used: at(lastUsedAt),
    expires: at(expiresAt),
  };
}

try {
  console.log(JSON.stringify(await run()));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = error instanceof Misused ? 2 : 1;
}
