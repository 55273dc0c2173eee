-- What an endpoint answered, kept in the row that it moves on: one update instead of an update, an insert and two checks of
-- foreign keys for every delivery.
--
-- The table of before stays, because the version before still writes to it; the next release drops it.

alter table webhook_deliveries add column attempts jsonb not null default '[]';
comment on column webhook_deliveries.attempts is 'The last fifty calls, oldest first: at, status, duration_ms, outcome';
comment on table webhook_attempts is 'Superseded by webhook_deliveries.attempts; the next release drops it';

update webhook_deliveries as d set attempts = before.attempts
from (
  select merchant_id, endpoint_id, event_id,
    jsonb_agg(jsonb_build_object('at', at, 'status', status, 'duration_ms', duration_ms, 'outcome', outcome) order by at) as attempts
  from webhook_attempts group by merchant_id, endpoint_id, event_id
) as before
where d.merchant_id = before.merchant_id and d.endpoint_id = before.endpoint_id and d.event_id = before.event_id;

-- Ids of events ascend with time: the primary key lists an endpoint's newest deliveries as well as this did.
drop index webhook_deliveries_of_endpoint;
