-- What else did this buyer, card, device or address do? Pseudonyms are unique over merchants and kinds. Ids ascend with time.

create index assessments_by_account on assessments ((record -> 'entities' ->> 'account'), id)
  where record -> 'entities' ->> 'account' is not null;
create index assessments_by_email on assessments ((record -> 'entities' ->> 'email'), id)
  where record -> 'entities' ->> 'email' is not null;
create index assessments_by_card on assessments ((record -> 'entities' ->> 'card'), id)
  where record -> 'entities' ->> 'card' is not null;
create index assessments_by_device on assessments ((record -> 'entities' ->> 'device'), id)
  where record -> 'entities' ->> 'device' is not null;
create index assessments_by_ip on assessments ((record -> 'entities' ->> 'ip'), id)
  where record -> 'entities' ->> 'ip' is not null;
create index assessments_by_address on assessments ((record -> 'entities' ->> 'address'), id)
  where record -> 'entities' ->> 'address' is not null;
