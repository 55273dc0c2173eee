-- How an archived month leaves the database.

create function let_go_of_events(archived text) returns void language plpgsql as $$
begin
  if not exists (select 1 from event_archives where partition = archived and dropped_at is null) then
    raise exception '% is not archived, or gone already', archived;
  end if;
  -- Detaching locks the outbox for a moment. Checkouts must not queue behind us while we wait for that moment: whoever
  -- cannot have the lock at once tries again in an hour.
  perform set_config('lock_timeout', '100ms', true);
  execute format('alter table events detach partition %I', archived);
  execute format('drop table %I', archived);
  update event_archives set dropped_at = now() where partition = archived;
end $$;
comment on function let_go_of_events is 'Drops the partition of a month that is archived';
