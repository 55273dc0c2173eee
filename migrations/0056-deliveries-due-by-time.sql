-- Two indexes of open deliveries begin with the endpoint, and for a statement planned on a young table they cost the same: it
-- may keep reading all that is open at an endpoint to find one order's next event. An open delivery is one that has a time
-- (an_open_delivery_has_its_time): with this predicate, what asks for a time can only take this index, and what asks for the
-- state only the other.

create index webhook_deliveries_by_time on webhook_deliveries (endpoint_id, try_at, place) where try_at is not null;
drop index webhook_deliveries_due;
