-- Months without a word from anybody are a word, too.
--
-- The constraint is checked for new rows only at first: the table is not locked while old rows are looked through.
alter table labels drop constraint label_source_is_known;
alter table labels add constraint label_source_is_known
  check (source in ('dispute', 'fraud_report', 'refund', 'review', 'api', 'quiet')) not valid;
alter table labels validate constraint label_source_is_known;

create index payments_captured on payments (changed_at, checkout_id) where state = 'captured';
