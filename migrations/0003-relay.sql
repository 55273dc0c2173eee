-- What each sink has had. One relay at a time works for a sink; any number may stand by.

create table relay_cursors (
  sink         text primary key,
  xact         xid8 not null default '0',
  position     bigint not null default 0,
  tries        integer not null default 0,
  holder       text,
  lease_until  timestamptz
);
comment on table relay_cursors is 'How far each sink has been served: everything up to and including (xact, position)';
comment on column relay_cursors.tries is 'How often the sink refused the event after the cursor; kept here, so that a restart does not begin to count anew';
comment on column relay_cursors.holder is 'The relay that may move the cursor until lease_until, by the clock of the database: clocks of processes may lie';

create table relay_set_aside (
  sink          text not null references relay_cursors,
  merchant_id   text not null,
  event_id      text not null,
  key           text not null,
  xact          xid8 not null,
  position      bigint not null,
  because       text not null,
  set_aside_at  timestamptz not null default now(),
  replay        boolean not null default false,
  primary key (sink, merchant_id, event_id)
);
comment on table relay_set_aside is 'Events that a sink refused again and again, and the later events of the same key, which wait behind them to keep the order';
comment on column relay_set_aside.replay is 'Somebody wants it tried again: the relay does so in order and deletes the row once the sink has it';
create index relay_set_aside_by_key on relay_set_aside (sink, key, xact, position);
