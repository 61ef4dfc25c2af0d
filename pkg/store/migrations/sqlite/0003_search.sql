-- What names hold, by their trigrams, and the words of descriptions. The rows
-- are the numbers of the records; triggers keep them in step.
create virtual table integration_names using fts5(gram, content = '', contentless_delete = 1, tokenize = 'trigram case_sensitive 1', detail = full);
create virtual table integration_words using fts5(word, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0 categories ''L* N* M* P* S* Co''', prefix = '2 3', detail = none);
create virtual table credential_names using fts5(gram, content = '', contentless_delete = 1, tokenize = 'trigram case_sensitive 1', detail = full);

create trigger integrations_name_added after insert on integrations begin
  insert into integration_names (rowid, gram) values (new.n, new.name_key);
end;

create trigger integrations_name_changed after update of name_key on integrations when new.name_key <> old.name_key begin
  insert or replace into integration_names (rowid, gram) values (new.n, new.name_key);
end;

create trigger integrations_removed after delete on integrations begin
  delete from integration_names where rowid = old.n;
  delete from integration_words where rowid = old.n;
end;

create trigger credentials_name_added after insert on credentials begin
  insert into credential_names (rowid, gram) values (new.n, new.ref_key);
end;

create trigger credentials_removed after delete on credentials begin
  delete from credential_names where rowid = old.n;
end;

create trigger credentials_name_changed after update of ref_key on credentials when new.ref_key <> old.ref_key begin
  insert or replace into credential_names (rowid, gram) values (new.n, new.ref_key);
end;
