-- Credentials that one may have at a time, by their policy as it is, and that somebody
-- has who need not be the only one, from before it was so. They are noted when the
-- policy changes, or the credential gets another one; so a check-out of one holder
-- finds out by a look into a table that is empty, most of the time.
create table crowds (
  credential_id text not null constraint crowds_credential primary key
) strict, without rowid;

insert into crowds
select distinct credential_id from leases l join credentials c on c.id = l.credential_id left join policies p on p.id = c.policy_id
where l.state = 'open' and l.exclusive = 0 and coalesce(p.exclusive, 1) = 1;
