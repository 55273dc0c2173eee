-- What a merchant put in force by the API in place of the installation's files, and that it went back. Nothing is ever changed
-- here: to roll back is a row more, which names the row that would come back next.

create table own_policies (
  merchant_id   text not null,
  event         text not null,
  number        bigint not null,
  hash          text not null references policies,
  own           boolean not null,
  beneath       bigint,
  because       text not null,
  activated_by  text not null,
  at            timestamptz not null,
  changed       xid8 not null default pg_current_xact_id(),
  primary key (merchant_id, event, number),
  constraint own_policy_lies_on_something check (beneath is not null or not own)
);
comment on table own_policies is 'The policies that merchants live by instead of the files, one row for each change';
comment on column own_policies.own is 'False where the installation''s file decides again; its hash at that time is kept';
comment on column own_policies.beneath is 'The change that comes back when this one is rolled back; 0 is the file, null is nothing';
create index own_policies_by_change on own_policies (changed);

create trigger own_policies_are_append_only before update or delete on own_policies
  for each row execute function refuse_change();
