-- Keys that begin with the time stand together.
drop index leases_idempotency;
create unique index leases_idempotency on leases (idempotency, actor_key) where idempotency <> '';
