-- The words of descriptions. What names hold is found by trigrams where the
-- extension pg_trgm can be had; those indexes are made beside the migrations.
alter table integrations add column words tsvector not null default ''::tsvector;

create index integrations_words on integrations using gin (words) with (fastupdate = off);
