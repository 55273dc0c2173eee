-- The operator's gauges count payments that wait for a person, and reviews of all merchants; both are few, and the tables are not.

create index payments_quarantined on payments (changed_at) where state = 'quarantined';
create index orders_held_since on orders (changed_at) where state = 'held';
