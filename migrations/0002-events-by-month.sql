-- The outbox by months, so that what every reader has had can be archived and let go of at once.
--
-- A unique constraint of a partitioned table has to contain the partition key, so the twin of a sequence number is now
-- refused within a month only, by an index of each partition. Across months it is refused by what refused it before the
-- index was asked: the checkout's version (one writer per purchase at a time) and orders.event_count, moved in the same
-- statement that inserts the event. Partitions by the month in which the order was made would have kept one index for
-- all of its events, but refunds come months later, to partitions that are already archived.

alter table events rename to events_before;
alter table events_before rename constraint event_sequence_has_no_twin to event_sequence_had_no_twin;
alter index events_in_order rename to events_before_in_order;
alter index events_of_merchant_in_order rename to events_before_of_merchant_in_order;

create sequence events_position;

create table events (
  merchant_id    text not null,
  id             text not null,
  aggregatetype  text not null,
  aggregateid    text not null,
  sequence       bigint not null,
  type           text not null,
  at             timestamptz not null,
  payload        jsonb not null,
  traceparent    text,
  xact           xid8 not null default pg_current_xact_id(),
  position       bigint not null default nextval('events_position'),
  constraint event_id_is_unique primary key (merchant_id, id, at)
) partition by range (at);
comment on table events is 'The outbox: written with the fact it tells of. Column names are those of Debezium''s event router';
comment on column events.xact is 'Readers go by (xact, position) and stop below the oldest running transaction, so that a late commit is never skipped';
comment on column events.traceparent is 'W3C trace context of the request that caused the event';
create index events_in_order on events (xact, position);
create index events_of_merchant_in_order on events (merchant_id, xact, position);
create trigger events_are_append_only before update or delete on events for each row execute function refuse_change();

create table events_unplanned partition of events default;
comment on table events_unplanned is 'Events of months nobody planned: a clock that jumped, a planner that did not run. Not a fault, but never archived';
create unique index event_sequence_has_no_twin_unplanned on events_unplanned (merchant_id, aggregateid, sequence);

create function plan_events_of(month date) returns boolean language plpgsql as $$
declare
  first date := date_trunc('month', month);
  partition text := 'events_' || to_char(first, 'YYYY_MM');
begin
  if to_regclass(partition) is not null then
    return false;
  end if;
  execute format(
    'create table %I partition of events for values from (%L) to (%L)',
    partition, first::timestamp at time zone 'UTC', (first + interval '1 month')::timestamp at time zone 'UTC');
  execute format(
    'create unique index %I on %I (merchant_id, aggregateid, sequence)',
    'event_sequence_has_no_twin_' || to_char(first, 'YYYY_MM'), partition);
  return true;
exception
  -- Somebody else planned it meanwhile, or the default partition has events of this month already: they stay there.
  when duplicate_table or check_violation then
    return false;
end $$;
comment on function plan_events_of is 'Makes the partition of a month, unless there is one; answers whether it did';

select plan_events_of(month::date)
from (
  select date_trunc('month', at at time zone 'UTC') as month from events_before
  union select date_trunc('month', now() at time zone 'UTC') + make_interval(months => ahead) from generate_series(0, 2) as ahead
) as months;

insert into events (merchant_id, id, aggregatetype, aggregateid, sequence, type, at, payload, traceparent, xact, position)
select merchant_id, id, aggregatetype, aggregateid, sequence, type, at, payload, traceparent, xact, position from events_before;
select setval('events_position', greatest(1, (select coalesce(max(position), 1) from events)));
drop table events_before;
