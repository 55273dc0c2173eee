-- A merchant may let fields of its checkouts into the events of its orders. None is there unless an operator said so.

alter table merchants add column event_fields text[] not null default '{}';
comment on column merchants.event_fields is 'What the events of its orders hold beside references: customer.reference, metadata';
