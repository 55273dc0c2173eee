-- A success that a bank or a scheme took back stays a failure, whichever of the two is heard first.

alter table movements add column reversed boolean not null default false;
comment on column movements.reversed is 'Failed for good, even if it had succeeded before: news of that success are old';
