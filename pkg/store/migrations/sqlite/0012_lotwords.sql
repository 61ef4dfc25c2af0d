-- The words of a lot of events stand in one row, sorted and packed by the program,
-- instead of in a row for each word of each event. The program fills the lots anew.
drop table event_places;
drop table event_lots;

-- Events of a time are found by the times of their lots.
drop index events_by_time;

create table event_lots (
  lot   integer constraint event_lots_lot primary key constraint event_lots_lot_is_a_place check (lot >= 0 and lot < 1 << 43),
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

-- A trigger before each insert made every event cost a third more. The program's own
-- connections ask the trigger for removals when a row is replaced; what another
-- program replaces, events verify finds.
drop trigger events_are_never_replaced;
