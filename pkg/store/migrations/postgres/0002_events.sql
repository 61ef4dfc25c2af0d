-- The record of events. It is written far more often than it is searched, so
-- it has few indexes. A row is one event, or those of one check-out or check-in
-- together, of which seq is the last. body is their canonical form, which their
-- hashes cover; the other columns repeat what is searched by, folded where case
-- does not matter. rare is 0 for the events of check-outs and check-ins, which
-- are nearly all.
create table events (
  chain         text collate "C" not null,
  seq           bigint not null constraint events_seq_is_positive check (seq > 0),
  prev          bytea not null constraint events_prev_is_a_hash check (octet_length(prev) = 32),
  hash          bytea not null constraint events_hash_is_hashes check (octet_length(hash) > 0 and octet_length(hash) % 32 = 0),
  at            bigint not null,
  kind          text collate "C" not null,
  rare          bigint not null constraint events_rare_is_truth check (rare in (0, 1)),
  actor         text collate "C" not null,
  integration_id text collate "C" not null,
  integration   text collate "C" not null,
  credential    text collate "C" not null,
  lease         text collate "C" not null,
  released      text collate "C" not null,
  body          bytea not null,
  constraint events_place primary key (chain, seq)
);

create index events_by_time on events (at, chain, seq);
create index events_by_kind on events (kind, at, chain, seq) where rare = 1;
create index events_by_integration on events (integration, at, chain, seq) where integration <> '';
create index events_by_credential on events (credential, at, chain, seq) where credential <> '';

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception using errcode = 'check_violation', constraint = tg_table_name || '_append_only', message = 'rows of ' || tg_table_name || ' are never changed or removed';
end
$$;

create trigger events_are_never_changed before update or delete on events for each row execute function refuse_change();
create trigger events_are_never_truncated before truncate on events for each statement execute function refuse_change();

-- The end of each chain.
create table heads (
  chain text collate "C" not null constraint heads_chain primary key,
  seq   bigint not null constraint heads_seq_is_positive check (seq > 0),
  hash  bytea not null constraint heads_hash_is_a_hash check (octet_length(hash) = 32),
  mac   bytea not null constraint heads_mac_is_a_hash check (octet_length(mac) = 32)
);

create trigger heads_are_never_removed before delete on heads for each row execute function refuse_change();
create trigger heads_are_never_truncated before truncate on heads for each statement execute function refuse_change();
create trigger heads_only_advance before update on heads for each row when (new.chain <> old.chain or new.seq <= old.seq) execute function refuse_change();

create table checkpoints (
  n         bigint generated always as identity constraint checkpoints_n primary key,
  at        bigint not null,
  heads     text collate "C" not null,
  signature bytea not null
);

create trigger checkpoints_are_never_changed before update or delete on checkpoints for each row execute function refuse_change();
create trigger checkpoints_are_never_truncated before truncate on checkpoints for each statement execute function refuse_change();
