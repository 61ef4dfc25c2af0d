-- Credentials that are kept by another service, and what is held there for the
-- leases of this one.
alter table credentials add column source text collate "C" not null default '' constraint credentials_source_is_known check (source in ('', 'redim'));
alter table credentials add column source_profile text collate "C" not null default '';
alter table credentials add column source_user text collate "C" not null default '';

create table passages (
  lease_id       text collate "C" not null constraint passages_lease primary key,
  credential_id  text collate "C" not null,
  source         text collate "C" not null constraint passages_source_is_known check (source in ('redim')),
  source_profile text collate "C" not null,
  source_user    text collate "C" not null,
  state          text collate "C" not null constraint passages_state_is_known check (state in ('asked', 'held', 'owed')),
  checkout       text collate "C" not null,
  look           bigint  not null
);

create index passages_by_credential on passages (credential_id);
create index passages_by_look on passages (look) where look <> 0;
