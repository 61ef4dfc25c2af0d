-- Signing in: the tokens of integrations, by their hash alone. A token is good
-- while its era is the epoch of the integration that holds it.
create table access_tokens (
  hash    bytea  not null constraint access_tokens_hash primary key constraint access_tokens_hash_is_a_hash check (octet_length(hash) = 32),
  holder  text collate "C" not null,
  address text collate "C" not null,
  era     bigint not null,
  made    bigint not null,
  expires bigint not null constraint access_tokens_expires_is_set check (expires > made)
);

create index access_tokens_by_expires on access_tokens (expires);

alter table integrations add column epoch bigint not null default 0;
alter table integrations add column account_key text collate "C" not null default '';

update integrations set account_key = lower(account) where account <> '';

create index integrations_by_account on integrations (account_key) where account_key <> '';
