-- A label that overrules what was told of the same event before takes that back in the counters; a process that starts has
-- to read that back. Null for what is no label, and for labels of earlier versions.
alter table observations add column overrules boolean;
comment on column observations.overrules is 'Of a label: the opposite was told of the same event before, and no longer counts';
