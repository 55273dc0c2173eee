-- Captures that are due by themselves, and authorisations that have grown too old.

alter table checkouts add column capture_after_s integer
  constraint checkout_capture_is_later check (capture_after_s > 0);
comment on column checkouts.capture_after_s is 'Captured so long after the authorisation, unless the merchant did before';

alter table payments add column capture_at timestamptz;
comment on column payments.capture_at is 'When reserved money is due to be captured; null where nobody asked for it';

create index payments_to_capture on payments (capture_at) where state = 'authorized' and capture_at is not null;
create index payments_reserved on payments (changed_at) where state = 'authorized';

alter table attempts add column read_at timestamptz;
alter table movements add column read_at timestamptz;
comment on column attempts.read_at is 'When somebody who read it had the PSP asked; not again for some seconds';
comment on column movements.read_at is 'When somebody who read it had the PSP asked; not again for some seconds';
