-- Signing in: the tokens of integrations, by their hash alone. A token is good
-- while its era is the epoch of the integration that holds it.
create table access_tokens (
  hash    blob    not null constraint access_tokens_hash primary key constraint access_tokens_hash_is_a_hash check (length(hash) = 32),
  holder  text    not null,
  address text    not null,
  era     integer not null,
  made    integer not null,
  expires integer not null constraint access_tokens_expires_is_set check (expires > made)
) strict, without rowid;

create index access_tokens_by_expires on access_tokens (expires);

alter table integrations add column epoch integer not null default 0;
alter table integrations add column account_key text not null default '';

update integrations set account_key = lower(account) where account <> '';

create index integrations_by_account on integrations (account_key) where account_key <> '';
