-- Disputes and issuers' fraud reports, and what they and others tell about who was a fraud.

create table disputes (
  merchant_id      text not null,
  checkout_id      text not null,
  id               text not null,
  attempt_id       text not null,
  psp_reference    text not null,
  state            text not null
    constraint dispute_state_is_known check (state in ('opened', 'under_review', 'won', 'lost')),
  inquiry          boolean not null,
  amount           bigint not null constraint dispute_amount_is_positive check (amount > 0),
  currency         text not null,
  reason           text not null,
  fraud            boolean not null,
  evidence_due_at  timestamptz,
  opened_at        timestamptz not null,
  changed_at       timestamptz not null,
  primary key (merchant_id, checkout_id, id),
  foreign key (merchant_id, checkout_id, attempt_id) references attempts,
  constraint dispute_is_recorded_once unique (merchant_id, checkout_id, psp_reference)
);
comment on table disputes is 'Payments that a cardholder or an issuer contests';
comment on column disputes.inquiry is 'Asked about only: the issuer has not taken any money yet';
create index disputes_open on disputes (evidence_due_at) where state in ('opened', 'under_review');

create table labels (
  merchant_id  text not null,
  id           text not null,
  checkout_id  text not null,
  fraud        boolean not null,
  source       text not null
    constraint label_source_is_known check (source in ('dispute', 'fraud_report', 'refund', 'review', 'api')),
  strength     text not null constraint label_strength_is_known check (strength in ('strong', 'weak')),
  reference    text not null,
  happened_at  timestamptz not null,
  known_at     timestamptz not null,
  constraint label_is_given_once primary key (merchant_id, checkout_id, reference)
);
comment on table labels is 'What turned out to be true of a purchase; append-only, later labels overrule earlier ones';
comment on column labels.known_at is 'When it became known: nothing that was decided before may read it';
comment on column labels.reference is 'What says so: the dispute, the refund, the request; each says it once';

create index labels_by_time on labels (known_at);

create trigger labels_are_append_only before update or delete on labels for each row execute function refuse_change();
create trigger disputes_are_never_deleted before delete on disputes for each row execute function refuse_change();

