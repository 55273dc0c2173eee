-- The operator's gauge counts the webhooks that were set aside: they are few, and deliveries are not.

create index deliveries_set_aside on deliveries (received_at) where state = 'set_aside';
