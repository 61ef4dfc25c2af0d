-- What is searched far more seldom than it is written is kept in lots: 1024 rows
-- at a time, in the order of what they are searched by, so that a check-out
-- changes few pages. A row stands in lot seq >> 10 or n >> 10. Rows that follow
-- the last lot are in none; a search looks through them one by one. A place has a
-- word: i and an integration, c and a credential, a and a holder.
create table event_lots (
  lot   integer constraint event_lots_lot primary key,
  least integer not null, -- the time of its first event
  most  integer not null constraint event_lots_most_is_not_before_least check (most >= least)
) strict;

create index event_lots_by_least on event_lots (least, lot, most);
create index event_lots_by_most on event_lots (most, lot, least);

create table event_places (
  lot  integer not null,
  word text    not null,
  seq  integer not null,
  constraint event_places_place primary key (lot, word, seq)
) strict, without rowid;

create trigger event_lots_are_never_changed before update on event_lots begin
  select raise(abort, 'events_append_only: lots are never changed');
end;

create trigger event_lots_are_never_removed before delete on event_lots begin
  select raise(abort, 'events_append_only: lots are never removed');
end;

create trigger event_places_are_never_changed before update on event_places begin
  select raise(abort, 'events_append_only: places are never changed');
end;

create trigger event_places_are_never_removed before delete on event_places begin
  select raise(abort, 'events_append_only: places are never removed');
end;

insert into event_lots (lot, least, most)
select seq >> 10, min(at), max(at) from events where seq < (select max(seq) from events) >> 10 << 10 group by 1;

insert into event_places (lot, word, seq)
select seq >> 10, 'i' || integration, seq from events where integration <> '' and seq < (select max(seq) from events) >> 10 << 10
union all
select seq >> 10, 'c' || credential, seq from events where credential <> '' and seq < (select max(seq) from events) >> 10 << 10
order by 1, 2, 3;

drop index events_by_integration;
drop index events_by_credential;

-- Of the leases only those that are open have places.
create table lease_lots (
  lot integer constraint lease_lots_lot primary key
) strict;

create table lease_places (
  lot  integer not null,
  word text    not null,
  n    integer not null,
  constraint lease_places_place primary key (lot, word, n)
) strict, without rowid;

create trigger leases_leave_their_places after update of state on leases when old.state = 'open' and new.state <> 'open' begin
  delete from lease_places where lot = old.n >> 10 and word in ('a' || old.actor_key, 'c' || old.credential_id) and n = old.n;
end;

insert into lease_lots (lot)
select distinct n >> 10 from leases where n < (select max(n) from leases) >> 10 << 10;

insert into lease_places (lot, word, n)
select n >> 10, 'a' || actor_key, n from leases where state = 'open' and n < (select max(n) from leases) >> 10 << 10
union all
select n >> 10, 'c' || credential_id, n from leases where state = 'open' and n < (select max(n) from leases) >> 10 << 10
order by 1, 2, 3;

drop index leases_open_by_actor;
drop index leases_one_holder;
drop index leases_idempotency;

-- The conflict rule: one exclusive holder of a credential at a time.
create unique index leases_one_holder on leases (credential_id) where state = 'open' and exclusive = 1;
-- Keys that begin with the time stand together.
create unique index leases_idempotency on leases (idempotency, actor_key) where idempotency <> '';
