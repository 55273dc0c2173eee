-- Customers of the shop, and the payment methods that PSPs keep for them.

create table customers (
  merchant_id  text not null,
  id           text not null,
  reference    text,
  created_at   timestamptz not null,
  primary key (merchant_id, id),
  constraint customer_reference_is_unique unique (merchant_id, reference)
);
comment on column customers.reference is 'What the shop calls the customer; no personal data are kept here';

create table payment_methods (
  merchant_id    text not null,
  customer_id    text not null,
  id             text not null,
  state          text not null
    constraint payment_method_state_is_known check (state in ('pending', 'stored', 'declined', 'removed')),
  psp            text not null constraint payment_method_psp_is_known check (psp in ('stripe', 'adyen')),
  psp_account    text not null,
  psp_customer   text,
  psp_reference  text,
  detail         jsonb not null,
  created_at     timestamptz not null,
  changed_at     timestamptz not null,
  primary key (merchant_id, customer_id, id),
  foreign key (merchant_id, customer_id) references customers
);
comment on table payment_methods is 'Tokens of PSPs, never card numbers; kept for one customer and useless for any other';
comment on column payment_methods.detail is 'What is true in this state only: token and card, action, decline';
create unique index payment_methods_by_id on payment_methods (id);
