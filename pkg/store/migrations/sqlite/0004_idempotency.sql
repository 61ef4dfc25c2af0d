-- What was asked with an idempotency key, so that another question with the same
-- key is refused; a request keeps both as a lease does.
alter table requests add column idempotency text not null default '';
alter table requests add column digest text not null default '';

create unique index requests_idempotency on requests (actor_key, idempotency) where idempotency <> '';
