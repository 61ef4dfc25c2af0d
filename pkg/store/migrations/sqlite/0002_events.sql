-- The record of events. It is written far more often than it is searched, so
-- it has few indexes. A row is one event, or those of one check-out or check-in
-- together, of which seq is the last. body is their canonical form, which their
-- hashes cover; the other columns repeat what is searched by, folded where case
-- does not matter. rare is 0 for the events of check-outs and check-ins, which
-- are nearly all. All events of a file form one chain, whose name is in heads.
create table events (
  seq            integer constraint events_place primary key constraint events_seq_is_positive check (seq > 0),
  prev           blob    not null constraint events_prev_is_a_hash check (length(prev) = 32),
  hash           blob    not null constraint events_hash_is_hashes check (length(hash) > 0 and length(hash) % 32 = 0),
  at             integer not null,
  kind           text    not null,
  rare           integer not null constraint events_rare_is_truth check (rare in (0, 1)),
  actor          text    not null,
  integration_id text    not null,
  integration    text    not null,
  credential     text    not null,
  lease          text    not null,
  released       text    not null,
  body           blob    not null
) strict;

create index events_by_time on events (at);
create index events_by_kind on events (kind, at) where rare = 1;
create index events_by_integration on events (integration, at) where integration <> '';
create index events_by_credential on events (credential, at) where credential <> '';

create trigger events_are_never_changed before update on events begin
  select raise(abort, 'events_append_only: events are never changed');
end;

create trigger events_are_never_removed before delete on events begin
  select raise(abort, 'events_append_only: events are never removed');
end;

-- insert or replace removes rows without asking the trigger above. This one
-- comes before anything was done, so that there is nothing to undo.
create trigger events_are_never_replaced before insert on events
when exists (select 1 from events where seq = new.seq) begin
  select raise(fail, 'events_place: events are never replaced');
end;

-- The end of each chain.
create table heads (
  chain text    not null constraint heads_chain primary key,
  seq   integer not null constraint heads_seq_is_positive check (seq > 0),
  hash  blob    not null constraint heads_hash_is_a_hash check (length(hash) = 32),
  mac   blob    not null constraint heads_mac_is_a_hash check (length(mac) = 32)
) strict, without rowid;

create trigger heads_are_never_removed before delete on heads begin
  select raise(abort, 'heads_append_only: chains are never removed');
end;

create trigger heads_only_advance before update on heads when new.chain <> old.chain or new.seq <= old.seq begin
  select raise(abort, 'heads_append_only: chains only grow');
end;

create table checkpoints (
  n         integer constraint checkpoints_n primary key,
  at        integer not null,
  heads     text    not null,
  signature blob    not null
) strict;

create trigger checkpoints_are_never_changed before update on checkpoints begin
  select raise(abort, 'checkpoints_append_only: checkpoints are never changed');
end;

create trigger checkpoints_are_never_removed before delete on checkpoints begin
  select raise(abort, 'checkpoints_append_only: checkpoints are never removed');
end;
