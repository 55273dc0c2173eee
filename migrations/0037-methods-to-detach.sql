-- Methods that were removed here and that their PSP still keeps.

alter table payment_methods add column detach_at timestamptz;
comment on column payment_methods.detach_at is 'When the PSP is told next that the method is gone; null once it knows';
create index payment_methods_to_detach on payment_methods (detach_at) where detach_at is not null;
