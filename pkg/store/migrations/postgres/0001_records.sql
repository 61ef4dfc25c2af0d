-- Records. A …_key is the folded form of a name, by which it is unique and
-- sorted. Times are microseconds since 1970, 0 for none; durations microseconds.
create table integrations (
  n                  bigint generated always as identity constraint integrations_n primary key,
  id                 text collate "C" not null constraint integrations_id unique,
  name               text collate "C" not null,
  name_key           text collate "C" not null constraint integrations_name unique,
  description        text collate "C" not null,
  active             bigint not null constraint integrations_active_is_truth check (active in (0, 1)),
  auth               text collate "C" not null,
  proof_kind         text collate "C" not null,
  proof_salt         bytea not null,
  proof_sum          bytea not null,
  account            text collate "C" not null,
  allowed            text collate "C" not null,
  reason             text collate "C" not null,
  hours              bigint not null constraint integrations_hours_are_positive check (hours > 0),
  comment            text collate "C" not null,
  skip_justification text collate "C" not null,
  skip_until         bigint not null,
  grants             text collate "C" not null,
  version            bigint not null constraint integrations_version_is_positive check (version > 0),
  created            bigint not null,
  created_by         text collate "C" not null,
  changed            bigint not null,
  changed_by         text collate "C" not null
);

create index integrations_by_active on integrations (active, name_key);
create index integrations_by_auth on integrations (auth, name_key);

create table policies (
  id          text collate "C" not null constraint policies_id primary key,
  name        text collate "C" not null,
  name_key    text collate "C" not null constraint policies_name unique,
  description text collate "C" not null,
  needed      bigint not null constraint policies_needed_is_not_negative check (needed >= 0),
  approvers   text collate "C" not null,
  timeout     bigint not null,
  fallback    text collate "C" not null,
  exclusive   bigint not null constraint policies_exclusive_is_truth check (exclusive in (0, 1)),
  longest     bigint not null constraint policies_longest_is_not_negative check (longest >= 0),
  rotator     text collate "C" not null,
  access      text collate "C" not null,
  version     bigint not null constraint policies_version_is_positive check (version > 0),
  created     bigint not null,
  created_by  text collate "C" not null,
  changed     bigint not null,
  changed_by  text collate "C" not null
);

create table credentials (
  n           bigint generated always as identity constraint credentials_n primary key,
  id          text collate "C" not null constraint credentials_id unique,
  system      text collate "C" not null,
  account     text collate "C" not null,
  system_key  text collate "C" not null,
  account_key text collate "C" not null,
  ref_key     text collate "C" not null,
  kind        text collate "C" not null,
  description text collate "C" not null,
  policy_id   text collate "C" constraint credentials_policy references policies (id),
  access      text collate "C" not null,
  endpoints   text collate "C" not null,
  secret      bigint not null constraint credentials_secret_is_not_negative check (secret >= 0),
  version     bigint not null constraint credentials_version_is_positive check (version > 0),
  created     bigint not null,
  created_by  text collate "C" not null,
  changed     bigint not null,
  changed_by  text collate "C" not null,
 constraint credentials_ref unique (system_key, account_key)
);

create index credentials_by_policy on credentials (policy_id) where policy_id is not null;

create table credential_endpoints (
  endpoint_key  text collate "C" not null,
  credential_id text collate "C" not null constraint credential_endpoints_credential references credentials (id) on delete cascade,
 constraint credential_endpoints_pair primary key (endpoint_key, credential_id)
);

create index credential_endpoints_by_credential on credential_endpoints (credential_id);

create table secret_versions (
  credential_id text collate "C" not null constraint secret_versions_credential references credentials (id) on delete cascade,
  number        bigint not null constraint secret_versions_number_is_positive check (number > 0),
  sealed        bytea not null,
  wrapped       bytea not null,
  wrapped_by    text collate "C" not null,
  created       bigint not null,
  created_by    text collate "C" not null,
 constraint secret_versions_number primary key (credential_id, number)
);

create index secret_versions_by_key on secret_versions (wrapped_by);

create table requests (
  id            text collate "C" not null constraint requests_id primary key,
  credential_id text collate "C" not null,
  credential    text collate "C" not null,
  actor_kind    text collate "C" not null,
  actor_id      text collate "C" not null,
  actor_name    text collate "C" not null,
  actor_address text collate "C" not null,
  actor_key     text collate "C" not null,
  wanted        bigint not null,
  reason        text collate "C" not null,
  comment       text collate "C" not null,
  ticket        text collate "C" not null,
  needed        bigint not null,
  approvers     text collate "C" not null,
  fallback      text collate "C" not null,
  state         text collate "C" not null,
  until         bigint not null,
  decisions     text collate "C" not null,
  lease         text collate "C" not null,
  version       bigint not null constraint requests_version_is_positive check (version > 0),
  created       bigint not null,
  created_by    text collate "C" not null,
  changed       bigint not null,
  changed_by    text collate "C" not null
);

create index requests_by_state on requests (state, id);
create index requests_by_credential on requests (credential_id, id);
create index requests_by_actor on requests (actor_key, id);

-- A lease. Most have ended; what is asked of those that hold is kept small. The
-- body has what nobody searches by. Ids are random; their index takes the end
-- first, and a search names both.
create table leases (
  n             bigint generated always as identity constraint leases_n primary key,
  id            text collate "C" not null,
  credential_id text collate "C" not null,
  actor_key     text collate "C" not null,
  exclusive     bigint  not null constraint leases_exclusive_is_truth check (exclusive in (0, 1)),
  idempotency   text collate "C" not null,
  due           bigint  not null constraint leases_due_is_set check (due > 0),
  state         text collate "C" not null constraint leases_state_is_known check (state in ('open', 'returned', 'expired')),
  ended         bigint  not null,
  version       bigint  not null constraint leases_version_is_positive check (version > 0),
  body          text collate "C" not null,
  constraint leases_end_with_their_state check ((state = 'open') = (ended = 0))
);

create unique index leases_id on leases (substr(id, 10), id);
-- The conflict rule: one exclusive holder of a credential at a time.
create unique index leases_one_holder on leases (credential_id, (case when exclusive = 1 then '' else id end)) where state = 'open';
create unique index leases_idempotency on leases (actor_key, idempotency) where idempotency <> '';
create index leases_open_by_due on leases (due) where state = 'open';
create index leases_open_by_actor on leases (actor_key, n) where state = 'open';

create table key_records (
  name       text collate "C" not null constraint key_records_name primary key,
  public     bytea not null,
  wrapped    bytea not null,
  wrapped_by text collate "C" not null,
  version    bigint not null constraint key_records_version_is_positive check (version > 0)
);
