-- Records. A …_key is the folded form of a name, by which it is unique and
-- sorted. Times are microseconds since 1970, 0 for none; durations microseconds.
create table integrations (
  n                  integer constraint integrations_n primary key,
  id                 text    not null constraint integrations_id unique,
  name               text    not null,
  name_key           text    not null constraint integrations_name unique,
  description        text    not null,
  active             integer not null constraint integrations_active_is_truth check (active in (0, 1)),
  auth               text    not null,
  proof_kind         text    not null,
  proof_salt         blob    not null,
  proof_sum          blob    not null,
  account            text    not null,
  allowed            text    not null,
  reason             text    not null,
  hours              integer not null constraint integrations_hours_are_positive check (hours > 0),
  comment            text    not null,
  skip_justification text    not null,
  skip_until         integer not null,
  grants             text    not null,
  version            integer not null constraint integrations_version_is_positive check (version > 0),
  created            integer not null,
  created_by         text    not null,
  changed            integer not null,
  changed_by         text    not null
) strict;

create index integrations_by_active on integrations (active, name_key);
create index integrations_by_auth on integrations (auth, name_key);

create table policies (
  id          text    not null constraint policies_id primary key,
  name        text    not null,
  name_key    text    not null constraint policies_name unique,
  description text    not null,
  needed      integer not null constraint policies_needed_is_not_negative check (needed >= 0),
  approvers   text    not null,
  timeout     integer not null,
  fallback    text    not null,
  exclusive   integer not null constraint policies_exclusive_is_truth check (exclusive in (0, 1)),
  longest     integer not null constraint policies_longest_is_not_negative check (longest >= 0),
  rotator     text    not null,
  access      text    not null,
  version     integer not null constraint policies_version_is_positive check (version > 0),
  created     integer not null,
  created_by  text    not null,
  changed     integer not null,
  changed_by  text    not null
) strict, without rowid;

create table credentials (
  n           integer constraint credentials_n primary key,
  id          text    not null constraint credentials_id unique,
  system      text    not null,
  account     text    not null,
  system_key  text    not null,
  account_key text    not null,
  ref_key     text    not null,
  kind        text    not null,
  description text    not null,
  policy_id   text    constraint credentials_policy references policies (id),
  access      text    not null,
  endpoints   text    not null,
  secret      integer not null constraint credentials_secret_is_not_negative check (secret >= 0),
  version     integer not null constraint credentials_version_is_positive check (version > 0),
  created     integer not null,
  created_by  text    not null,
  changed     integer not null,
  changed_by  text    not null,
  constraint credentials_ref unique (system_key, account_key)
) strict;

create index credentials_by_policy on credentials (policy_id) where policy_id is not null;

create table credential_endpoints (
  endpoint_key  text not null,
  credential_id text not null constraint credential_endpoints_credential references credentials (id) on delete cascade,
  constraint credential_endpoints_pair primary key (endpoint_key, credential_id)
) strict, without rowid;

create index credential_endpoints_by_credential on credential_endpoints (credential_id);

create table secret_versions (
  credential_id text    not null constraint secret_versions_credential references credentials (id) on delete cascade,
  number        integer not null constraint secret_versions_number_is_positive check (number > 0),
  sealed        blob    not null,
  wrapped       blob    not null,
  wrapped_by    text    not null,
  created       integer not null,
  created_by    text    not null,
  constraint secret_versions_number primary key (credential_id, number)
) strict, without rowid;

create index secret_versions_by_key on secret_versions (wrapped_by);

create table requests (
  id            text    not null constraint requests_id primary key,
  credential_id text    not null,
  credential    text    not null,
  actor_kind    text    not null,
  actor_id      text    not null,
  actor_name    text    not null,
  actor_address text    not null,
  actor_key     text    not null,
  wanted        integer not null,
  reason        text    not null,
  comment       text    not null,
  ticket        text    not null,
  needed        integer not null,
  approvers     text    not null,
  fallback      text    not null,
  state         text    not null,
  until         integer not null,
  decisions     text    not null,
  lease         text    not null,
  version       integer not null constraint requests_version_is_positive check (version > 0),
  created       integer not null,
  created_by    text    not null,
  changed       integer not null,
  changed_by    text    not null
) strict, without rowid;

create index requests_by_state on requests (state, id);
create index requests_by_credential on requests (credential_id, id);
create index requests_by_actor on requests (actor_key, id);

-- A lease. Most have ended; what is asked of those that hold is kept small. The
-- body has what nobody searches by. Ids are random; their index takes the end
-- first, and a search names both.
create table leases (
  n             integer constraint leases_n primary key,
  id            text    not null,
  credential_id text    not null,
  actor_key     text    not null,
  exclusive     integer not null constraint leases_exclusive_is_truth check (exclusive in (0, 1)),
  idempotency   text    not null,
  due           integer not null constraint leases_due_is_set check (due > 0),
  state         text    not null constraint leases_state_is_known check (state in ('open', 'returned', 'expired')),
  ended         integer not null,
  version       integer not null constraint leases_version_is_positive check (version > 0),
  body          text    not null,
  constraint leases_end_with_their_state check ((state = 'open') = (ended = 0))
) strict;

create unique index leases_id on leases (substr(id, 10), id);
-- The conflict rule: one exclusive holder of a credential at a time.
create unique index leases_one_holder on leases (credential_id, (case when exclusive = 1 then '' else id end)) where state = 'open';
create unique index leases_idempotency on leases (actor_key, idempotency) where idempotency <> '';
create index leases_open_by_due on leases (due) where state = 'open';
create index leases_open_by_actor on leases (actor_key, n) where state = 'open';

create table key_records (
  name       text    not null constraint key_records_name primary key,
  public     blob    not null,
  wrapped    blob    not null,
  wrapped_by text    not null,
  version    integer not null constraint key_records_version_is_positive check (version > 0)
) strict, without rowid;
