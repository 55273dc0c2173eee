-- What a PSP moved in place of what was asked for, so that a person can accept it or give it back, and the payments that
-- wait for such a person, oldest first.

alter table movements add column said_amount bigint, add column said_currency text;
comment on column movements.said_amount is 'Quarantined only: how much the PSP says it moved, of said_currency';

create index payments_quarantined on payments (merchant_id, changed_at) where state = 'quarantined';
