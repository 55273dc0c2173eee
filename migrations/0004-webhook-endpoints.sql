-- Where merchants want to be told, and what became of the telling.

create table webhook_endpoints (
  merchant_id        text not null,
  id                 text not null,
  url                text not null,
  types              text[] not null,
  description        text not null,
  state              text not null
    constraint webhook_endpoint_state_is_known check (state in ('enabled', 'disabled')),
  because            text,
  secret_number      integer not null,
  old_secret_until   timestamptz,
  failing_since      timestamptz,
  event_count        bigint not null default 0,
  created_at         timestamptz not null,
  primary key (merchant_id, id),
  constraint a_disabled_endpoint_says_why check ((state = 'disabled') = (because is not null))
);
comment on column webhook_endpoints.types is 'The event types that are sent here; empty means all';
comment on column webhook_endpoints.secret_number is 'Secrets are derived from the key of the installation, the id and this number; none is stored. Rotation adds one';
comment on column webhook_endpoints.old_secret_until is 'Until then messages are signed with the secret before as well';
comment on column webhook_endpoints.failing_since is 'The first failure since the last success';
comment on column webhook_endpoints.event_count is 'The sequence number of the last event about this endpoint';

create table webhook_deliveries (
  merchant_id  text not null,
  endpoint_id  text not null,
  event_id     text not null,
  event_at     timestamptz not null,
  key          text not null,
  place        bigint generated always as identity,
  state        text not null
    constraint webhook_delivery_state_is_known check (state in ('open', 'delivered', 'given_up')),
  tries        integer not null default 0,
  try_at       timestamptz,
  primary key (merchant_id, endpoint_id, event_id),
  foreign key (merchant_id, endpoint_id) references webhook_endpoints on delete cascade,
  constraint an_open_delivery_has_its_time check ((state = 'open') = (try_at is not null))
);
comment on table webhook_deliveries is 'One event for one endpoint. The next of a key is tried only when the one before is delivered or given up';
comment on column webhook_deliveries.event_at is 'Leads to the partition of the event';
create index webhook_deliveries_due on webhook_deliveries (endpoint_id, try_at, place) where state = 'open';
create index webhook_deliveries_in_line on webhook_deliveries (endpoint_id, key, place) where state = 'open';
create index webhook_deliveries_of_endpoint on webhook_deliveries (merchant_id, endpoint_id, place);

create table webhook_attempts (
  merchant_id  text not null,
  endpoint_id  text not null,
  event_id     text not null,
  at           timestamptz not null,
  status       integer,
  duration_ms  integer not null,
  outcome      text not null,
  primary key (merchant_id, endpoint_id, event_id, at),
  foreign key (merchant_id, endpoint_id, event_id) references webhook_deliveries on delete cascade
);
comment on column webhook_attempts.status is 'The HTTP status; null when no whole answer was heard';
