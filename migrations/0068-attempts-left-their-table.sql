-- Attempts are kept with their delivery since 0055; no version that may still run writes to the table of before.

drop table webhook_attempts;
