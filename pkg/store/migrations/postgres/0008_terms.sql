-- Two criteria at once are walked in the order of names, too.
create index integrations_by_flags on integrations (active, auth, name_key);
