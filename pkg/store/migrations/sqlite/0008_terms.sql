-- Integrations are found by terms, in the order of their rows: the parts of a
-- name, the beginnings of the words of a description, and what a record is. The
-- program makes the terms; those of the records that are there are added beside
-- this migration.
drop trigger integrations_name_added;
drop trigger integrations_name_changed;
drop trigger integrations_removed;
drop table integration_names;
drop table integration_words;

create virtual table integration_terms using fts5(term, content = '', contentless_delete = 1, tokenize = 'ascii', detail = none);

create trigger integrations_removed after delete on integrations begin
  delete from integration_terms where rowid = old.n;
end;

create index integrations_by_flags on integrations (active, auth, name_key);
