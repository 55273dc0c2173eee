-- Merchants, their keys, and everything one purchase is made of.
--
-- Every key starts with the merchant, so that any table can be partitioned or distributed by it. A purchase is one
-- checkout and at most one order and one payment: they share the part of the id after the prefix.
--
-- Whatever belongs to a purchase has (merchant_id, checkout_id) at the front of its primary key, and no other index that
-- begins with the merchant: on a young table the planner cannot tell two such indexes apart, and reads every row of the
-- merchant through the wrong one. Rows point at their merchant without a foreign key: its check would lock the one row
-- of the merchant in every transaction there is.

create table merchants (
  id          text primary key,
  name        text not null,
  created_at  timestamptz not null
);

create table api_keys (
  id            text primary key,
  merchant_id   text not null references merchants,
  kind          text not null constraint api_key_kind_is_known check (kind in ('secret', 'publishable')),
  hash          bytea not null constraint api_key_hash_is_unique unique,
  hint          text not null,
  scopes        text[] not null,
  created_at    timestamptz not null,
  expires_at    timestamptz,
  last_used_at  timestamptz
);
comment on column api_keys.hash is 'SHA-256 of the key, which has 256 random bits and so needs no slow hash; the key itself is shown once';
comment on column api_keys.hint is 'The first characters, for people who compare keys';

create table requests (
  merchant_id   text not null,
  scope         text not null,
  kind          text not null,
  body_digest   text not null,
  raw_digest    text not null,
  checkout_id   text,
  subject       text,
  opened_at     timestamptz not null,
  lease_until   timestamptz,
  reply_status  integer,
  reply_body    text,
  constraint request_key_is_unique primary key (merchant_id, scope),
  constraint request_is_leased_until_replied check ((lease_until is null) = (reply_status is not null))
);
comment on table requests is 'The journal of requests that move money: one row for each Idempotency-Key and resource, kept at least a day';
comment on column requests.scope is 'SHA-256 of method, path with the resource id, and key';
comment on column requests.body_digest is 'SHA-256 of the canonical JSON (RFC 8785) of the body; equal bodies are the same request';
comment on column requests.subject is 'The attempt or movement that this request drives; where to go on after a crash';
comment on column requests.lease_until is 'Until then the process that opened the request is trusted to finish it; null once replied';
create index requests_abandoned on requests (lease_until) where lease_until is not null;
create index requests_by_subject on requests (merchant_id, subject) where lease_until is not null;

create table checkouts (
  merchant_id         text not null,
  id                  text not null,
  version             bigint not null,
  state               text not null
    constraint checkout_state_is_known check (state in ('open', 'processing', 'requires_action', 'completed', 'canceled', 'expired')),
  amount              bigint not null constraint checkout_amount_is_positive check (amount > 0),
  currency            text not null,
  capture_mode        text not null constraint checkout_capture_mode_is_known check (capture_mode in ('automatic', 'manual')),
  buyer               jsonb not null,
  return_url          text,
  metadata            jsonb not null,
  client_secret_hash  text not null,
  assessment_id       text,
  created_at          timestamptz not null,
  expires_at          timestamptz not null,
  primary key (merchant_id, id)
);
comment on table checkouts is 'What a buyer is about to buy and pay; root of a purchase';
comment on column checkouts.version is 'Moves with every change to the purchase; a writer that read an older version writes nothing';
comment on column checkouts.buyer is 'Personal data, all of it; replaced by {} when the buyer asks to be forgotten';
create index checkouts_to_expire on checkouts (expires_at) where state in ('open', 'requires_action');

create table orders (
  merchant_id  text not null,
  checkout_id  text not null,
  id           text generated always as ('ord_' || substr(checkout_id, 5)) stored,
  state        text not null
    constraint order_state_is_known check (state in ('pending', 'authorized', 'held', 'captured', 'canceled')),
  amount       bigint not null constraint order_amount_is_positive check (amount > 0),
  currency     text not null,
  event_count  bigint not null,
  created_at   timestamptz not null,
  changed_at   timestamptz not null,
  primary key (merchant_id, checkout_id),
  foreign key (merchant_id, checkout_id) references checkouts
);
comment on table orders is 'What was sold; recorded before any money moves';
comment on column orders.event_count is 'The sequence number of the last event of this order';
create index orders_held on orders (merchant_id, changed_at) where state = 'held';

create table payments (
  merchant_id   text not null,
  checkout_id   text not null,
  id            text generated always as ('pay_' || substr(checkout_id, 5)) stored,
  state         text not null
    constraint payment_state_is_known
    check (state in ('open', 'trying', 'requires_action', 'authorized', 'captured', 'canceled', 'quarantined')),
  currency      text not null,
  authorized    bigint not null constraint authorized_is_not_negative check (authorized >= 0),
  captured      bigint not null,
  refunded      bigint not null,
  capture_mode  text not null,
  created_at    timestamptz not null,
  changed_at    timestamptz not null,
  primary key (merchant_id, checkout_id),
  foreign key (merchant_id, checkout_id) references orders,
  constraint capture_within_authorized check (captured between 0 and authorized),
  constraint refund_within_captured check (refunded between 0 and captured)
);
comment on table payments is 'One order''s money, in minor units, as PSPs confirmed it';

create table attempts (
  merchant_id    text not null,
  checkout_id    text not null,
  id             text not null,
  state          text not null
    constraint attempt_state_is_known
    check (state in ('prepared', 'requires_action', 'pending', 'unknown', 'authorized', 'declined', 'failed', 'canceled', 'quarantined')),
  psp            text not null constraint attempt_psp_is_known check (psp in ('stripe', 'adyen')),
  psp_account    text not null,
  psp_reference  text,
  amount         bigint not null constraint attempt_amount_is_positive check (amount > 0),
  currency       text not null,
  request        jsonb not null,
  detail         jsonb not null,
  ask_at         timestamptz,
  asked          integer not null default 0,
  created_at     timestamptz not null,
  changed_at     timestamptz not null,
  primary key (merchant_id, checkout_id, id),
  foreign key (merchant_id, checkout_id) references payments
);
comment on table attempts is 'One try at one PSP account; committed with its PSP idempotency key before the call';
comment on column attempts.request is 'Everything the call is made with, so that it can be made again exactly';
comment on column attempts.detail is 'What is true in this state only: decline, action, card, authentication, cause';
comment on column attempts.ask_at is 'When the settle worker looks next; null once nothing more can be heard';
create unique index attempts_by_id on attempts (id);
create index attempts_to_ask on attempts (ask_at) where ask_at is not null;
create index attempts_by_psp_reference on attempts (psp, psp_account, psp_reference) where psp_reference is not null;
create unique index one_authorization_per_payment on attempts (checkout_id)
  where state in ('prepared', 'requires_action', 'pending', 'unknown');
comment on index one_authorization_per_payment is 'While a PSP may still charge for one attempt, there is no second';

create table movements (
  merchant_id    text not null,
  checkout_id    text not null,
  id             text not null,
  attempt_id     text not null,
  kind           text not null constraint movement_kind_is_known check (kind in ('capture', 'void', 'refund', 'increment')),
  state          text not null
    constraint movement_state_is_known
    check (state in ('prepared', 'pending', 'unknown', 'succeeded', 'failed', 'quarantined')),
  amount         bigint not null constraint movement_amount_is_positive check (amount > 0),
  currency       text not null,
  psp_key        text not null,
  psp_reference  text,
  final          boolean not null,
  stray          boolean not null,
  reason         text,
  cause          text,
  ask_at         timestamptz,
  asked          integer not null default 0,
  created_at     timestamptz not null,
  changed_at     timestamptz not null,
  primary key (merchant_id, checkout_id, id),
  foreign key (merchant_id, checkout_id, attempt_id) references attempts
);
comment on table movements is 'Captures, voids, refunds and increments; committed before the PSP is called';
comment on column movements.stray is 'Gives back, or records, money that came too late or twice; the payment does not count it';
create unique index movements_by_id on movements (id);
create index movements_to_ask on movements (ask_at) where ask_at is not null;
create index movements_by_psp_reference on movements (psp_reference) where psp_reference is not null;

create table journal (
  merchant_id  text not null,
  checkout_id  text not null,
  position     bigint generated always as identity,
  subject      text not null,
  at           timestamptz not null,
  from_state   text,
  to_state     text not null,
  because      text not null,
  primary key (merchant_id, checkout_id, position)
);
comment on table journal is 'Append-only history of payments: who went from where to where, and why';

create table postings (
  merchant_id  text not null,
  checkout_id  text not null,
  position     bigint generated always as identity,
  cause        text not null,
  debit        text not null,
  credit       text not null,
  amount       bigint not null constraint posting_amount_is_positive check (amount > 0),
  currency     text not null,
  at           timestamptz not null,
  primary key (merchant_id, checkout_id, position),
  constraint posting_has_two_sides check (debit <> credit)
);
comment on table postings is 'Double entry: a row names both sides, so debit and credit are equal by construction; append-only';

create table assessments (
  merchant_id  text not null,
  id           text not null,
  event        text not null,
  at           timestamptz not null,
  decision     text not null
    constraint decision_is_known check (decision in ('allow', 'challenge', 'review', 'block')),
  score        double precision,
  checkout_id  text,
  record       jsonb not null,
  primary key (merchant_id, id)
);
comment on table assessments is 'One risk decision each, with every value it was made from; append-only, no raw personal data';
create index assessments_by_time on assessments (merchant_id, at);

create table events (
  merchant_id    text not null,
  id             text not null,
  aggregatetype  text not null,
  aggregateid    text not null,
  sequence       bigint not null,
  type           text not null,
  at             timestamptz not null,
  payload        jsonb not null,
  traceparent    text,
  xact           xid8 not null default pg_current_xact_id(),
  position       bigint generated always as identity,
  primary key (merchant_id, id),
  constraint event_sequence_has_no_twin unique (merchant_id, aggregateid, sequence)
);
comment on table events is 'The outbox: written with the fact it tells of. Column names are those of Debezium''s event router';
comment on column events.xact is 'Readers go by (xact, position) and stop below the oldest running transaction, so that a late commit is never skipped';
create index events_in_order on events (xact, position);
create index events_of_merchant_in_order on events (merchant_id, xact, position);

create table deliveries (
  psp           text not null,
  psp_account   text not null,
  message_id    text not null,
  merchant_id   text not null,
  type          text not null,
  witness       jsonb not null,
  received_at   timestamptz not null,
  state         text not null constraint delivery_state_is_known check (state in ('received', 'processed', 'set_aside')),
  tries         integer not null default 0,
  try_at        timestamptz,
  note          text,
  primary key (psp, psp_account, message_id)
);
comment on table deliveries is 'Webhooks of PSPs, verified and stored before they are answered; the same message is stored once';
create index deliveries_to_process on deliveries (try_at) where state = 'received';

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;

create trigger journal_is_append_only before update or delete on journal for each row execute function refuse_change();
create trigger postings_are_append_only before update or delete on postings for each row execute function refuse_change();
create trigger assessments_are_append_only before update or delete on assessments for each row execute function refuse_change();
create trigger events_are_append_only before update or delete on events for each row execute function refuse_change();
create trigger payments_are_never_deleted before delete on payments for each row execute function refuse_change();
create trigger attempts_are_never_deleted before delete on attempts for each row execute function refuse_change();
create trigger movements_are_never_deleted before delete on movements for each row execute function refuse_change();

create function ask_again_after(asked integer) returns interval language sql immutable as $$
  select case asked when 0 then interval '1 minute' when 1 then interval '5 minutes' when 2 then interval '1 hour'
         else interval '1 day' end
$$;
comment on function ask_again_after is 'How long to wait before asking a PSP again about what it has not settled';
