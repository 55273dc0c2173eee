-- A stolen key is worth nothing elsewhere.
alter table api_keys add column networks text[] not null default '{}';
comment on column api_keys.networks is 'Addresses and CIDR blocks that the key may be used from; empty means anywhere';
