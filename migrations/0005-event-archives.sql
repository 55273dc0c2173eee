-- Months of events that have left the database.

create table event_archives (
  partition    text primary key,
  file         text not null,
  events       bigint not null,
  chain_start  text not null,
  chain_end    text not null,
  archived_at  timestamptz not null,
  dropped_at   timestamptz
);
comment on table event_archives is 'What was archived, and the hash that its last line must have: a file that was written anew from end to end still differs from this';
comment on column event_archives.dropped_at is 'When the partition was dropped; between the two both exist';
