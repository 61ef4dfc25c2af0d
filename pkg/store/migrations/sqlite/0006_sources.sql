-- Credentials that are kept by another service, and what is held there for the
-- leases of this one.
alter table credentials add column source text not null default '' constraint credentials_source_is_known check (source in ('', 'redim'));
alter table credentials add column source_profile text not null default '';
alter table credentials add column source_user text not null default '';

create table passages (
  lease_id       text    not null constraint passages_lease primary key,
  credential_id  text    not null,
  source         text    not null constraint passages_source_is_known check (source in ('redim')),
  source_profile text    not null,
  source_user    text    not null,
  state          text    not null constraint passages_state_is_known check (state in ('asked', 'held', 'owed')),
  checkout       text    not null,
  look           integer not null
) strict, without rowid;

create index passages_by_credential on passages (credential_id);
create index passages_by_look on passages (look) where look <> 0;
