-- Each row of the audit log carries the hash of the row before it, so that a row edited, deleted, moved or put
-- in is noticed, whoever did it. src/audit/README.md tells what is hashed and how it is verified.

-- Given by the trigger, under its lock: numbers and instants are in the chain's order.
alter table pay.audit_log
  alter column id drop identity,
  alter column at drop default,
  add constraint audit_log_at check (isfinite(at)),
  add prev_hash bytea,
  add hash bytea;

-- SHA-256 of the hash before and of each field as text, its length in bytes and a colon in front. An instant is
-- microseconds since 1970. Not tenant_id: an imported tenant has a new one.
create function pay.audit_hash(prev_hash bytea, entry pay.audit_log) returns bytea
language plpgsql stable parallel safe as $$
declare
  field text;
  hashed text := '';
begin
  foreach field in array array[
    entry.id::text, (extract(epoch from entry.at) * 1000000)::bigint::text, entry.actor, entry.action,
    entry.subject, entry.detail::text
  ] loop
    hashed := hashed || octet_length(convert_to(field, 'UTF8')) || ':' || field;
  end loop;
  return sha256(prev_hash || convert_to(hashed, 'UTF8'));
end $$;

-- One after the other per database, until each commits. So that no two transactions wait for each other, a
-- statement takes this lock after every other: its audit row is written last, or of what it wrote before.
create function pay.chain_audit() returns trigger
language plpgsql set search_path = pg_catalog as $$
declare
  head record;
begin
  -- "audi" in ASCII.
  perform pg_advisory_xact_lock(x'61756469'::int);
  -- A snapshot of its own, so it sees what was committed while this waited, and rows of this very statement.
  select id, hash into head from pay.audit_log
  where tenant_id = new.tenant_id order by id desc limit 1;
  -- An import brings numbers and instants along.
  if new.id <= head.id then
    raise unique_violation using message = format('audit row %s does not follow %s', new.id, head.id);
  end if;
  new.id := coalesce(new.id, head.id + 1, 1);
  new.at := coalesce(new.at, clock_timestamp());
  new.prev_hash := coalesce(head.hash, decode(repeat('00', 32), 'hex'));
  new.hash := pay.audit_hash(new.prev_hash, new);
  return new;
end $$;

-- What was written before has kept its numbers.
do $$
declare
  entry pay.audit_log;
  previous bytea := decode(repeat('00', 32), 'hex');
begin
  for entry in select * from pay.audit_log order by id loop
    update pay.audit_log set prev_hash = previous, hash = pay.audit_hash(previous, entry)
    where tenant_id = entry.tenant_id and id = entry.id
    returning hash into previous;
  end loop;
end $$;

alter table pay.audit_log
  alter column prev_hash set not null,
  alter column hash set not null;

-- Fires where rows are first written, not where replication applies them: those come with their hashes.
create trigger chain before insert on pay.audit_log for each row execute function pay.chain_audit();

-- Grants bind the tenant's role. This binds whoever holds more by mistake, the owner too, until they turn it off.
create function pay.refuse_change() returns trigger
language plpgsql set search_path = pg_catalog as $$
begin
  raise insufficient_privilege using message = format('%s is append-only: no %s', tg_table_name, lower(tg_op));
end $$;
create trigger append_only before update or delete or truncate on pay.audit_log
for each statement execute function pay.refuse_change();

-- The hashes are the trigger's alone.
revoke insert on pay.audit_log from :tenants;
grant insert (tenant_id, id, at, actor, action, subject, detail) on pay.audit_log to :tenants;
