-- What the counters of a process without Redis were told, so that the next process counts on from there.

create table observations (
  merchant_id  text not null,
  position     bigint generated always as identity,
  what         text not null
    constraint observation_is_known
    check (what in ('account_creation', 'add_card', 'checkout', 'login', 'succeeded', 'declined', 'refused', 'fraud', 'good')),
  at           timestamptz not null,
  amount       double precision,
  keys         jsonb not null,
  primary key (merchant_id, position)
);
comment on table observations is 'Happenings and labels as counters were told them, in that order; only the newest are kept';
comment on column observations.at is 'When it happened; of a label, when the labelled event did';
comment on column observations.amount is 'In major units, as features read it; null where there is no money';
comment on column observations.keys is 'Pseudonyms of the entities it names: keyed hashes, never values';

create index observations_in_order on observations (position);
