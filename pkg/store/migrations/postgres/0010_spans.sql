-- What is added at one time stands together in an index that begins with a span:
-- 71 minutes of events, 65536 leases. Otherwise each check-out changes a page of
-- its own in every index, and PostgreSQL writes the whole of a page to its log at
-- the first change after each checkpoint.
drop index events_by_integration;
drop index events_by_credential;
create index events_by_integration on events ((at >> 32), integration, at, chain, seq) where integration <> '';
create index events_by_credential on events ((at >> 32), credential, at, chain, seq) where credential <> '';

drop index leases_one_holder;
drop index leases_open_by_actor;
-- The conflict rule: one exclusive holder of a credential at a time.
create unique index leases_one_holder on leases (credential_id) where state = 'open' and exclusive = 1;
create index leases_shared_by_credential on leases ((n >> 16), credential_id, n) where state = 'open' and exclusive = 0;
create index leases_open_by_actor on leases ((n >> 16), actor_key, n) where state = 'open';

-- What ends a transaction that adds several leases, in the hope that nothing is in
-- the way of any.
create function refuse_lot() returns bigint language plpgsql as $$
begin
  raise exception using errcode = 'RDM01', message = 'a check-out can not be added: it is looked into';
end
$$;
