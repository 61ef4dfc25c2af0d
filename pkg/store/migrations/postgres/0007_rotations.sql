-- Credentials that are to get a new secret since they were given back. A row goes
-- when the new secret comes.
create table due_rotations (
  credential_id text collate "C" not null constraint due_rotations_credential primary key constraint due_rotations_of_credential references credentials (id) on delete cascade,
  salt          bytea  not null,
  since         bigint not null,
  tries         bigint not null constraint due_rotations_tries_is_not_negative check (tries >= 0),
  running       bigint not null constraint due_rotations_running_is_truth check (running in (0, 1)),
  look          bigint not null
);

create index due_rotations_by_look on due_rotations (look);
