-- A day whose comparison was begun and did not end (the PSP was silent, the process died) is compared again.

alter table reconciliations add column done_at timestamptz;
comment on column reconciliations.done_at is 'Null while it runs, and when it failed: half an hour after begun_at somebody tries again';
update reconciliations set done_at = begun_at;
