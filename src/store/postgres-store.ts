import type { Store } from './store.ts';
import { backlogQueries } from './backlog.ts';
import type { Database } from './database.ts';
import { deliveryQueries } from './deliveries.ts';
import { customerQueries } from './customers.ts';
import { disputeQueries, labelQueries } from './disputes.ts';
import { entryQueries } from './entries.ts';
import { eventQueries } from './events.ts';
import { StoreFault } from './fault.ts';
import { observationQueries } from './observations.ts';
import { purchaseQueries } from './find-purchase.ts';
import { policyQueries } from './policies.ts';
import { recordedQueries } from './recorded.ts';
import { relayQueries } from './relay.ts';
import { merchantQueries } from './merchants.ts';
import { repliedRow, requestQueries, requests } from './requests.ts';
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
    assessments: { ...assessmentQueries(database), ...recordedQueries(database) },
    settling: settlingQueries(database),
    deliveries: deliveryQueries(database),
    customers: customerQueries(database),
    disputes: disputeQueries(database),
    labels: labelQueries(database),
    entries: entryQueries(database),
    observations: observationQueries(database),
    policies: policyQueries(database),
    events: eventQueries(database),
    ...backlogQueries(database),
    relay: relayQueries(database),
    webhooks: webhookQueries(database),
    ping: async () => {
      await database.rows(sql`select 1`);
    },
  };
}

function assessmentQueries(database: Database): Pick<Store['assessments'], 'find' | 'save'> {
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
