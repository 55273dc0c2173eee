import { z } from 'zod';
import { scopes } from '../domain/scope.ts';
import type { ApiKey } from '../domain/merchant.ts';
import type { Store } from './store.ts';
import type { Database } from './database.ts';
import { deliveryQueries } from './deliveries.ts';
import { customerQueries } from './customers.ts';
import { disputeQueries, labelQueries } from './disputes.ts';
import { eventQueries } from './events.ts';
import { StoreFault } from './fault.ts';
import { purchaseQueries } from './find-purchase.ts';
import { relayQueries } from './relay.ts';
import { repliedRow, requestQueries, requests } from './requests.ts';
import { id, instant, toTimestamp } from './rows/columns.ts';
import { assessments, events, fromAssessmentRow, toAssessmentRow, toEventRow } from './rows/fact-rows.ts';
import { settlingQueries } from './settling.ts';
import { sql } from './sql.ts';
import { gated } from './statement.ts';
import { insertGate, insertThrough } from './table.ts';
import { webhookQueries } from './webhooks.ts';

/** The store on PostgreSQL. */
export function postgresStore(database: Database): Store {
  return {
    merchants: merchantQueries(database),
    purchases: purchaseQueries(database),
    requests: requestQueries(database),
    assessments: assessmentQueries(database),
    settling: settlingQueries(database),
    deliveries: deliveryQueries(database),
    customers: customerQueries(database),
    disputes: disputeQueries(database),
    labels: labelQueries(database),
    events: eventQueries(database),
    relay: relayQueries(database),
    webhooks: webhookQueries(database),
    ping: async () => {
      await database.rows(sql`select 1`);
    },
  };
}

const apiKeyRow = z.object({
  id: id('key'),
  merchant_id: id('mer'),
  kind: z.enum(['secret', 'publishable']),
  scopes: z.array(z.enum(scopes)),
  expires_at: instant.nullable(),
  networks: z.array(z.string()),
});

const merchantRow = z.object({ id: id('mer'), name: z.string(), created_at: instant });

function merchantQueries(database: Database): Store['merchants'] {
  return {
    findApiKey: async (hash) => {
      const [row] = await database.rows(sql`update api_keys set last_used_at = now() where hash = ${hash}
        returning id, merchant_id, kind, scopes, expires_at, networks`);
      if (row === undefined) return null;
      const read = apiKeyRow.parse(row);
      return {
        id: read.id,
        merchantId: read.merchant_id,
        kind: read.kind,
        scopes: read.scopes,
        expiresAt: read.expires_at,
        networks: read.networks,
      } satisfies ApiKey;
    },
    create: async (merchant) => {
      await database.rows(sql`insert into merchants (id, name, created_at)
        values (${merchant.id}, ${merchant.name}, ${toTimestamp(merchant.createdAt)})`);
    },
    list: async () => {
      const rows = await database.rows(
        sql`select id, name, created_at from merchants order by created_at, id`,
      );
      return rows.map((row) => {
        const read = merchantRow.parse(row);
        return { id: read.id, name: read.name, createdAt: read.created_at };
      });
    },
    addApiKey: async (key) => {
      await database.rows(sql`insert into api_keys (id, merchant_id, kind, hash, hint, scopes, created_at, expires_at, networks)
        values (${key.id}, ${key.merchantId}, ${key.kind}, ${key.hash}, ${key.hint}, ${key.scopes},
          ${toTimestamp(key.createdAt)}, ${key.expiresAt === null ? null : toTimestamp(key.expiresAt)}, ${key.networks ?? []})`);
    },
  };
}

function assessmentQueries(database: Database): Store['assessments'] {
  return {
    find: async (merchantId, assessmentId) => {
      const [row] = await database.rows(
        sql`select record from assessments where merchant_id = ${merchantId} and id = ${assessmentId}`,
      );
      return row === undefined ? null : fromAssessmentRow(row);
    },
    save: async (assessment, event, request) => {
      try {
        await database.run(
          gated([
            [
              insertGate(requests, repliedRow(request, null), 'scope'),
              insertThrough(request.scope, assessments, [toAssessmentRow(assessment, null)]),
              insertThrough(request.scope, events, [toEventRow(event)]),
            ],
          ]),
        );
        return 'saved';
      } catch (fault) {
        if (fault instanceof StoreFault && fault.constraint === 'request_key_is_unique')
          return 'request_taken';
        throw fault;
      }
    },
  };
}
