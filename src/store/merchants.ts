import { z } from 'zod';
import { eventFields } from '../domain/events/event-fields.ts';
import type { ApiKey, ListedApiKey } from '../domain/merchant.ts';
import { scopes } from '../domain/scope.ts';
import type { Database } from './database.ts';
import { id, instant, toTimestamp } from './rows/columns.ts';
import { raw, sql } from './sql.ts';
import type { Store } from './store.ts';

const merchantRow = z.object({ id: id('mer'), name: z.string(), created_at: instant });

const eventFieldsRow = z.object({ id: id('mer'), event_fields: z.array(z.enum(eventFields)) });

const apiKeyRow = z.object({
  id: id('key'),
  merchant_id: id('mer'),
  kind: z.enum(['secret', 'publishable']),
  scopes: z.array(z.enum(scopes)),
  expires_at: instant.nullable(),
  networks: z.array(z.string()),
  signature_key: z.instanceof(Uint8Array).nullable(),
});
const columns = raw('id, merchant_id, kind, scopes, expires_at, networks, signature_key');

const listedApiKeyRow = apiKeyRow.extend({
  hint: z.string(),
  created_at: instant,
  last_used_at: instant.nullable(),
});
const listedColumns = sql`${columns}, hint, created_at, last_used_at`;

function fromApiKeyRow(row: unknown): ApiKey {
  const { merchant_id, expires_at, signature_key, ...read } = apiKeyRow.parse(row);
  return { ...read, merchantId: merchant_id, expiresAt: expires_at, signatureKey: signature_key };
}

function fromListedApiKeyRow(row: unknown): ListedApiKey {
  const { hint, created_at, last_used_at } = listedApiKeyRow.parse(row);
  return { ...fromApiKeyRow(row), hint, createdAt: created_at, lastUsedAt: last_used_at };
}

/** Merchants and their keys. */
export function merchantQueries(database: Database): Store['merchants'] {
  return {
    findApiKey: async (hash) => {
      const [row] = await database.rows(
        sql`update api_keys set last_used_at = now() where hash = ${hash} returning ${columns}`,
      );
      return row === undefined ? null : fromApiKeyRow(row);
    },
    findApiKeyById: async (keyId) => {
      const [row] = await database.rows(sql`select ${listedColumns} from api_keys where id = ${keyId}`);
      return row === undefined ? null : fromListedApiKeyRow(row);
    },
    listApiKeys: async (merchantId) => {
      const rows = await database.rows(
        sql`select ${listedColumns} from api_keys where merchant_id = ${merchantId} order by created_at, id`,
      );
      return rows.map(fromListedApiKeyRow);
    },
    addApiKey: async (key) => {
      await database.rows(sql`insert into api_keys (id, merchant_id, kind, hash, hint, scopes, created_at, expires_at, networks, signature_key)
        values (${key.id}, ${key.merchantId}, ${key.kind}, ${key.hash}, ${key.hint}, ${key.scopes},
          ${toTimestamp(key.createdAt)}, ${key.expiresAt === null ? null : toTimestamp(key.expiresAt)}, ${key.networks ?? []}, ${key.signatureKey ?? null})`);
    },
    expireApiKey: async (keyId, at) => {
      await database.rows(sql`update api_keys set expires_at = ${toTimestamp(at)} where id = ${keyId}`);
    },
    setSignatureKey: async (keyId, signatureKey) => {
      const rows = await database.rows(
        sql`update api_keys set signature_key = ${signatureKey} where id = ${keyId} returning 1`,
      );
      return rows.length === 1;
    },
    create: async (merchant) => {
      await database.rows(sql`insert into merchants (id, name, created_at)
        values (${merchant.id}, ${merchant.name}, ${toTimestamp(merchant.createdAt)})`);
    },
    eventFields: async () => {
      const rows = await database.rows(
        sql`select id, event_fields from merchants where event_fields <> '{}'`,
      );
      return new Map(
        rows.map((row) => {
          const { id: merchantId, event_fields } = eventFieldsRow.parse(row);
          return [merchantId, event_fields];
        }),
      );
    },
    setEventFields: async (merchantId, fields) => {
      const rows = await database.rows(
        sql`update merchants set event_fields = ${fields} where id = ${merchantId} returning 1`,
      );
      return rows.length === 1;
    },
    list: async () => {
      const rows = await database.rows(
        sql`select id, name, created_at from merchants order by created_at, id`,
      );
      return rows.map((row) => {
        const { created_at, ...read } = merchantRow.parse(row);
        return { ...read, createdAt: created_at };
      });
    },
  };
}
