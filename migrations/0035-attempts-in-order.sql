-- Attempts in the order in which they were recorded. Their ids carry the clocks of whoever made them, and clocks lie.
--
-- Added without a value and given its default afterwards: nothing is rewritten and nobody waits. Attempts from before have
-- none and come first, in the order of their ids. The version before this one leaves the column to its default.

alter table attempts add column position bigint;
create sequence attempts_position_seq as bigint owned by attempts.position;
alter table attempts alter column position set default nextval('attempts_position_seq');
comment on column attempts.position is 'Ascends within a purchase: a second attempt is recorded only after the first';
