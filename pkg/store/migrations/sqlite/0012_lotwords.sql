-- The words of a lot stand in one row, sorted and packed by the program, instead of
-- in a row for each word of each event and lease. The program fills the lots anew.
drop trigger leases_leave_their_places;
drop table event_places;
drop table event_lots;
drop table lease_places;
drop table lease_lots;

-- Events of a time are found by the times of their lots.
drop index events_by_time;

create table event_lots (
  lot   integer constraint event_lots_lot primary key,
  least integer not null, -- the time of its first event
  most  integer not null constraint event_lots_most_is_not_before_least check (most >= least),
  words blob    not null
) strict;

create index event_lots_by_least on event_lots (least, lot, most);
create index event_lots_by_most on event_lots (most, lot, least);

create trigger event_lots_are_never_changed before update on event_lots begin
  select raise(abort, 'events_append_only: lots are never changed');
end;

create trigger event_lots_are_never_removed before delete on event_lots begin
  select raise(abort, 'events_append_only: lots are never removed');
end;

create table lease_lots (
  lot  integer constraint lease_lots_lot primary key,
  open integer not null constraint lease_lots_open_is_not_negative check (open >= 0) -- leases of it
) strict;

-- Beside lease_lots, for whoever counts one lease less writes its row anew.
create table lease_words (
  lot   integer constraint lease_words_lot primary key,
  words blob    not null -- of the leases that were open when the lot became whole
) strict;

create trigger leases_leave_their_lot after update of state on leases when old.state = 'open' and new.state <> 'open' begin
  update lease_lots set open = open - 1 where lot = old.n >> 10;
end;

-- A trigger before each insert made every event cost a third more. The program's own
-- connections ask the trigger for removals when a row is replaced; what another
-- program replaces, events verify finds.
drop trigger events_are_never_replaced;
