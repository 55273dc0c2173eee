-- Whoever steals an API key still cannot refund with it.
alter table api_keys add column signature_key bytea
  constraint signature_key_is_ed25519 check (octet_length(signature_key) = 32);
comment on column api_keys.signature_key is
  'Ed25519 public key, raw: calls that declare it are taken only when they are signed with its private half (RFC 9421)';
