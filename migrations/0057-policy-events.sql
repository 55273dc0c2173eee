-- Every merchant hears when another policy comes into force, and its events of a policy count 1, 2, 3 … from its own first
-- one on. The outbox cannot be asked how far that is: its old months are let go of.

create table policy_events (
  merchant_id  text not null,
  event        text not null,
  sequence     bigint not null,
  primary key (merchant_id, event)
);
comment on table policy_events is 'The number of the newest policy.activated that each merchant was told, by event';
