import { z } from 'zod';
import type { Event } from '../domain/events/event.ts';
import { batched } from './batch.ts';
import type { Database } from './database.ts';
import { id, toTimestamp } from './rows/columns.ts';
import { fromEventRow } from './rows/fact-rows.ts';
import { type Sql, raw, sql } from './sql.ts';
import { fromDeliveryRow, fromEndpointRow, toAttemptRow } from './rows/webhook-rows.ts';
import type { DueWebhook, WebhookAttempt, WebhookRoom, WebhookStore } from './webhook-store.ts';

const columns = raw(
  'w.merchant_id, w.id, w.url, w.types, w.description, w.state, w.because, w.secret_number, w.old_secret_until, w.created_at',
);

/**
 * The event of a delivery, through the primary key whenever the statement was planned. By equal keys, a plan made while the
 * table is young may find all events of the merchant instead, and read all of them for each delivery until statistics come.
 */
const eventOf = (delivery: Sql): Sql => sql`select e.* from events as e
  where (e.merchant_id, e.id, e.at) >= (${delivery}.merchant_id, ${delivery}.event_id, ${delivery}.event_at) and e.at = ${delivery}.event_at
  order by e.merchant_id, e.id, e.at limit 1`;

const after = (ms: number): Sql =>
  sql`clock_timestamp() + ${Math.round(ms)}::bigint * interval '1 millisecond'`;

/** Calls under way, as a table. */
const unnested = (inFlight: WebhookRoom['inFlight']): Sql =>
  sql`unnest(${[...inFlight.keys()]}::text[], ${[...inFlight.values()]}::int[]) as busy (id, n)`;

export function webhookQueries(database: Database): WebhookStore {
  const changed = async (statement: Sql): Promise<boolean> => (await database.rows(statement)).length === 1;
  const conclude = batched<Conclusion, null>(concludedMax, async (conclusions) => {
    await database.rows(concluding(conclusions));
    return conclusions.map(() => null);
  });
  return {
    create: async (made) => {
      await database.rows(sql`insert into webhook_endpoints
        (merchant_id, id, url, types, description, state, secret_number, created_at)
        values (${made.merchantId}, ${made.id}, ${made.url}, ${made.types}::text[], ${made.description}, 'enabled',
          ${made.secretNumber}, ${toTimestamp(made.createdAt)})`);
    },
    find: async (merchantId, endpointId) => {
      const [row] = await database.rows(sql`select ${columns} from webhook_endpoints as w
        where w.merchant_id = ${merchantId} and w.id = ${endpointId}`);
      return row === undefined ? null : fromEndpointRow(row);
    },
    list: async (merchantId) => {
      const rows = await database.rows(
        sql`select ${columns} from webhook_endpoints as w where w.merchant_id = ${merchantId} order by w.id`,
      );
      return rows.map(fromEndpointRow);
    },
    change: (merchantId, endpointId, { url, types, description }) =>
      changed(sql`update webhook_endpoints set url = coalesce(${url ?? null}, url),
          types = coalesce(${types ?? null}::text[], types), description = coalesce(${description ?? null}, description)
        where merchant_id = ${merchantId} and id = ${endpointId} returning 1`),
    rotate: async (merchantId, endpointId, oldSecretUntil) => {
      const [row] = await database.rows(sql`update webhook_endpoints as w
        set secret_number = secret_number + 1, old_secret_until = ${toTimestamp(oldSecretUntil)}
        where w.merchant_id = ${merchantId} and w.id = ${endpointId} returning ${columns}`);
      return row === undefined ? null : fromEndpointRow(row);
    },
    enable: (merchantId, endpointId) =>
      changed(sql`update webhook_endpoints set state = 'enabled', because = null, failing_since = null
        where merchant_id = ${merchantId} and id = ${endpointId} returning 1`),
    disable: ({ merchantId, id: endpointId }, because, { id: eventId, at, traceparent }) =>
      changed(sql`with disabled as (
          update webhook_endpoints set state = 'disabled', because = ${because}, event_count = event_count + 1
          where merchant_id = ${merchantId} and id = ${endpointId} and state = 'enabled' returning event_count
        )
        insert into events (merchant_id, id, aggregatetype, aggregateid, sequence, type, at, payload, traceparent)
        select ${merchantId}, ${eventId}, 'webhook_endpoint', ${endpointId}, event_count, 'webhook_endpoint.disabled',
          ${toTimestamp(at)}::timestamptz, ${JSON.stringify({ endpointId, because })}::jsonb, ${traceparent ?? null}
        from disabled returning 1`),
    remove: (merchantId, endpointId) =>
      changed(
        sql`delete from webhook_endpoints where merchant_id = ${merchantId} and id = ${endpointId} returning 1`,
      ),
    enqueue: async (events, { perEndpoint, inFlight, leaseMs }) => {
      const column = (of: (event: Event) => unknown): unknown[] => events.map(of);
      const rows = await database.rows(sql`with wanted as (
          select e.*, w.id as endpoint_id, w.failing_since is null
            and row_number() over (partition by w.id, e.key order by e.n) = 1
            and not exists (select 1 from webhook_deliveries as line
              where line.endpoint_id = w.id and line.key = e.key and line.state = 'open') as free
          from unnest(${column(({ merchantId }) => merchantId)}::text[], ${column(({ id }) => id)}::text[],
            ${column(({ at }) => toTimestamp(at))}::timestamptz[], ${column(({ aggregate }) => aggregate.id)}::text[],
            ${column(({ type }) => type)}::text[]) with ordinality as e (merchant_id, id, at, key, type, n)
          join webhook_endpoints as w on w.merchant_id = e.merchant_id and w.state = 'enabled'
            and (w.types = '{}' or e.type = any (w.types))
        ), placed as (
          select wanted.*, free and coalesce(busy.n, 0)
            + count(*) filter (where free) over (partition by endpoint_id order by wanted.n) <= ${perEndpoint}::int as claimed
          from wanted left join ${unnested(inFlight)} on busy.id = endpoint_id
        ), made as (
          insert into webhook_deliveries (merchant_id, endpoint_id, event_id, event_at, key, state, tries, try_at)
          select merchant_id, endpoint_id, id, at, key, 'open', claimed::int,
            case when claimed then ${after(leaseMs)} else clock_timestamp() end
          from placed order by n on conflict do nothing returning merchant_id, endpoint_id, event_id, tries
        )
        select made.event_id, to_json(w) as endpoint from made
        join webhook_endpoints as w on w.merchant_id = made.merchant_id and w.id = made.endpoint_id
        where made.tries = 1`);
      const byId = new Map(events.map((event) => [event.id, event]));
      return rows.flatMap((row): DueWebhook[] => {
        const { endpoint, event_id } = madeRow.parse(row);
        const event = byId.get(event_id);
        return event === undefined ? [] : [{ endpoint, event, tries: 1, failingThroughout: false }];
      });
    },
    claimDue: async ({ perEndpoint, inFlight, leaseMs }) => {
      // Endpoints that fail mostly fail slowly: they are probed, and leave the sockets to those that answer.
      const room = sql`case when w.failing_since is null then ${perEndpoint}::int else ${probesMax}::int end`;
      const rows = await database.rows(sql`with due as materialized (
          select d.merchant_id, d.endpoint_id, d.event_id, d.event_at
          from webhook_endpoints as w
          left join ${unnested(inFlight)} on busy.id = w.id
          cross join lateral (
            select due.merchant_id, due.endpoint_id, due.event_id, due.event_at from webhook_deliveries as due
            where due.endpoint_id = w.id and due.try_at <= now()
              and due.place = (select min(line.place) from webhook_deliveries as line
                where line.endpoint_id = due.endpoint_id and line.key = due.key and line.state = 'open')
            order by due.try_at, due.place limit ${room} - coalesce(busy.n, 0) for update skip locked
          ) as d
          where w.state = 'enabled' and coalesce(busy.n, 0) < ${room}
        ), claimed as (
          update webhook_deliveries as d set tries = d.tries + 1, try_at = ${after(leaseMs)}
          from due where d.merchant_id = due.merchant_id and d.endpoint_id = due.endpoint_id and d.event_id = due.event_id
          returning d.merchant_id, d.endpoint_id, d.event_id, d.event_at, d.tries, (d.attempts -> 0 ->> 'at')::timestamptz as first_at
        )
        select claimed.tries, coalesce(w.failing_since <= claimed.first_at, false) as failing_throughout,
          to_json(w) as endpoint, e.merchant_id, e.id, e.aggregatetype, e.aggregateid, e.sequence, e.type, e.at, e.payload, e.traceparent, e.tracelink
        from claimed
        join webhook_endpoints as w on w.merchant_id = claimed.merchant_id and w.id = claimed.endpoint_id
        cross join lateral (${eventOf(raw('claimed'))}) as e
        where e.id = claimed.event_id`);
      return rows.map((row): DueWebhook => {
        const { endpoint, tries, failing_throughout } = dueRow.parse(row);
        return { endpoint, event: fromEventRow(row), tries, failingThroughout: failing_throughout };
      });
    },
    conclude: async (due, attempt, next) => {
      await conclude('webhook', { due, attempt, next });
    },
    deliveries: async (merchantId, endpointId, limit) => {
      const rows =
        await database.rows(sql`select event_id, event_at, state, tries, try_at, attempts from webhook_deliveries
        where merchant_id = ${merchantId} and endpoint_id = ${endpointId}
        order by merchant_id desc, endpoint_id desc, event_id desc limit ${limit}`);
      return rows.map(fromDeliveryRow);
    },
    replay: async (merchantId, endpointId, which) => {
      // From the events, so that nothing is made due whose event is archived: it could not be sent, and others wait behind it.
      const [wanted, again] =
        'eventId' in which
          ? [sql`e.id = ${which.eventId}`, raw('true')]
          : [
              sql`(w.types = '{}' or e.type = any (w.types))
                and e.at between ${toTimestamp(which.from)}::timestamptz and ${toTimestamp(which.to)}::timestamptz`,
              sql`webhook_deliveries.state <> 'open' and (webhook_deliveries.state = 'given_up' or ${which.only === 'all'})`,
            ];
      const rows = await database.rows(sql`insert into webhook_deliveries
          (merchant_id, endpoint_id, event_id, event_at, key, state, try_at)
        select e.merchant_id, w.id, e.id, e.at, e.aggregateid, 'open', clock_timestamp()
        from events as e
        join webhook_endpoints as w on w.merchant_id = e.merchant_id and w.id = ${endpointId}
        where e.merchant_id = ${merchantId} and ${wanted} and e.xact < pg_snapshot_xmin(pg_current_snapshot())
        order by e.xact, e.position
        on conflict (merchant_id, endpoint_id, event_id) do update set state = 'open', tries = 0, try_at = clock_timestamp()
          where ${again}
        returning 1`);
      return rows.length;
    },
    forgetBefore: async (before) => {
      const rows = await database.rows(sql`delete from webhook_deliveries
        where event_at < ${toTimestamp(before)}::timestamptz and (state <> 'open' or exists (select 1 from webhook_endpoints as w
          where w.merchant_id = webhook_deliveries.merchant_id and w.id = webhook_deliveries.endpoint_id and w.state = 'disabled'))
        returning 1`);
      return rows.length;
    },
  };
}

type Conclusion = {
  readonly due: DueWebhook;
  readonly attempt: WebhookAttempt;
  readonly next: Parameters<WebhookStore['conclude']>[2];
};

/** Calls under way to an endpoint that has failed and not succeeded since. */
const probesMax = 4;

/** A schedule is ten; the rest is for replays. */
const attemptsMax = 50;

/** Endpoints answer by the hundred: together they cost one commit. */
const concludedMax = 64;

/**
 * What waits behind a failure is due when that is, so that nobody looks at it until then, and at once when the line is free.
 *
 * Endpoints are locked in the order of their ids, so that two batches never wait for each other.
 */
function concluding(conclusions: readonly Conclusion[]): Sql {
  const column = (of: (each: Conclusion) => unknown): unknown[] => conclusions.map(of);
  return sql`with said as (
      select * from unnest(
        ${column(({ due }) => due.endpoint.merchantId)}::text[], ${column(({ due }) => due.endpoint.id)}::text[],
        ${column(({ due }) => due.event.id)}::text[], ${column(({ due }) => due.tries)}::int[],
        ${column(({ next }) => next.state)}::text[],
        ${column(({ next }) => (next.state === 'open' ? Math.round(next.waitMs) : null))}::bigint[],
        ${column(({ attempt }) => toTimestamp(attempt.at))}::timestamptz[],
        ${column(({ attempt }) => JSON.stringify([toAttemptRow(attempt)]))}::jsonb[]
      ) as said (merchant_id, endpoint_id, event_id, tries, state, wait_ms, at, attempt)
    ), moved as (
      update webhook_deliveries as d set state = said.state, try_at = clock_timestamp() + said.wait_ms * interval '1 millisecond',
        attempts = case when jsonb_array_length(d.attempts) < ${attemptsMax} then d.attempts else d.attempts - 0 end || said.attempt
      from said where d.merchant_id = said.merchant_id and d.endpoint_id = said.endpoint_id and d.event_id = said.event_id
        and d.tries = said.tries
      returning said.merchant_id, said.endpoint_id, said.state, said.at,
        d.key, d.place, d.try_at, jsonb_array_length(d.attempts) as calls
    ), line as (
      update webhook_deliveries as next set try_at = coalesce(moved.try_at, now())
      from moved where (moved.try_at is not null or moved.calls > 1)
        and next.endpoint_id = moved.endpoint_id and next.key = moved.key and next.place > moved.place
        and next.state = 'open' and next.tries = 0
    ), heard as (
      select merchant_id, endpoint_id, case when not bool_or(state = 'delivered') then min(at) end as failing_since
      from moved group by merchant_id, endpoint_id
    ), locked as (
      select w.merchant_id, w.id, heard.failing_since from webhook_endpoints as w
      join heard on heard.merchant_id = w.merchant_id and heard.endpoint_id = w.id
      where (w.failing_since is null) <> (heard.failing_since is null) order by w.merchant_id, w.id for update of w
    )
    update webhook_endpoints as w set failing_since = locked.failing_since
    from locked where w.merchant_id = locked.merchant_id and w.id = locked.id`;
}

const madeRow = z.object({ endpoint: z.unknown().transform(fromEndpointRow), event_id: id('evt') });

const dueRow = z.object({
  endpoint: z.unknown().transform(fromEndpointRow),
  tries: z.number(),
  failing_throughout: z.boolean(),
});
