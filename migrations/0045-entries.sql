-- What analysts said about somebody: on this list, or left alone by that rule for a while.

create table entries (
  merchant_id  text not null,
  id           text not null,
  what         text not null constraint entry_kind_is_known check (what in ('list', 'snooze')),
  name         text not null,
  key          text not null,
  reason       text not null,
  added_by     text not null,
  added_at     timestamptz not null,
  expires_at   timestamptz,
  removed_by   text,
  removed_at   timestamptz,
  changed      xid8 not null default pg_current_xact_id(),
  primary key (merchant_id, id),
  constraint entry_removal_is_attributed check ((removed_by is null) = (removed_at is null)),
  constraint snooze_expires check (what <> 'snooze' or expires_at is not null)
);
comment on table entries is 'Values on lists and rules that are snoozed; an entry that was removed stays, with who removed it';
comment on column entries.name is 'The list, or the rule that is silent';
comment on column entries.key is 'Keyed hash of merchant, kind and value, as in counters; the value itself is not kept';
comment on column entries.changed is 'Processes read what changed since the oldest transaction that ran when they last looked: a late commit is never missed';

create unique index entry_is_there_once on entries (merchant_id, what, name, key) where removed_at is null;
create index entries_by_change on entries (changed);
create trigger entries_are_never_deleted before delete on entries for each row execute function refuse_change();
