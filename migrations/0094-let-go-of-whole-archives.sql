-- A month leaves only as it was archived: what was written into it since would be lost with it.

create or replace function let_go_of_events(archived text) returns void language plpgsql as $$
declare
  recorded bigint;
  present bigint;
begin
  select events into recorded from event_archives where partition = archived and dropped_at is null;
  if not found then
    raise exception '% is not archived, or gone already', archived;
  end if;
  -- Detaching locks the outbox for a moment. Checkouts must not queue behind us while we wait for that moment: whoever
  -- cannot have the lock at once tries again in an hour.
  perform set_config('lock_timeout', '100ms', true);
  -- From here on nobody writes into the month; the statement after it sees all that was committed before.
  execute format('lock table %I in share mode', archived);
  execute format('select count(*) from %I', archived) into present;
  if present <> recorded then
    raise exception '% holds % events and % are archived', archived, present, recorded;
  end if;
  execute format('alter table events detach partition %I', archived);
  execute format('drop table %I', archived);
  update event_archives set dropped_at = now() where partition = archived;
end $$;
