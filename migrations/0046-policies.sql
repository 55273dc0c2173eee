-- Which policy was in force when, with its text: files are the truth, this is their record. And what is tried beside them.

create table policies (
  hash       text primary key,
  event      text not null,
  source     text not null,
  lists      jsonb not null,
  stored_at  timestamptz not null default now()
);
comment on table policies is 'The text of every policy that decided or was tried; assessments name it by its hash';
comment on column policies.lists is 'The declarations of the lists it asks, which its hash covers';

create table policy_activations (
  event   text not null,
  number  bigint not null,
  hash    text not null references policies,
  at      timestamptz not null,
  primary key (event, number)
);
comment on table policy_activations is 'When a process first put another policy in force';

create table shadow_policies (
  merchant_id  text not null,
  id           text not null,
  name         text not null,
  hash         text not null references policies,
  added_by     text not null,
  added_at     timestamptz not null,
  removed_by   text,
  removed_at   timestamptz,
  changed      xid8 not null default pg_current_xact_id(),
  primary key (merchant_id, id),
  constraint shadow_removal_is_attributed check ((removed_by is null) = (removed_at is null))
);
comment on table shadow_policies is 'Drafts that are evaluated beside the policy in force, for one merchant; recorded, never acted on';
create unique index shadow_name_is_unique on shadow_policies (merchant_id, name) where removed_at is null;
create index shadow_policies_by_change on shadow_policies (changed);

create trigger policies_are_append_only before update or delete on policies for each row execute function refuse_change();
create trigger policy_activations_are_append_only before update or delete on policy_activations
  for each row execute function refuse_change();
create trigger shadow_policies_are_never_deleted before delete on shadow_policies
  for each row execute function refuse_change();
