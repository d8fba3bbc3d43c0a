-- phase: expand
-- The registry's own logs, out of reach of the role that servers log in as: they belong to another one, as everything
-- here does since the registry is prepared by this code, they are chained like the tenants' logs, and nobody changes them.
-- operations/audit/README.md tells what is hashed. Servers of before write on; operators of before do not, since only a
-- session that an administrator opened writes in an operator's name.

-- SHA-256 of the hash before and of each field as text, its length in bytes and a colon in front: as pay.audit_hash.
create function log_hash(prev_hash bytea, variadic fields text[]) returns bytea
language plpgsql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
declare
  field text;
  hashed text := '';
begin
  foreach field in array fields loop
    hashed := hashed || octet_length(convert_to(field, 'UTF8')) || ':' || field;
  end loop;
  return sha256(prev_hash || convert_to(hashed, 'UTF8'));
end $$;
create function microseconds(instant timestamptz) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp
  return (extract(epoch from instant) * 1000000)::bigint::text;

-- Given by the trigger, under its lock: numbers and instants are in the chain's order.
alter table operator_audit
  alter column id drop identity,
  alter column at drop default,
  add constraint operator_audit_at check (isfinite(at)),
  add prev_hash bytea,
  add hash bytea;
-- The anchors of the tenants' chains are a chain themselves.
alter table audit_heads
  alter column at drop default,
  add constraint audit_heads_at check (isfinite(at)),
  add id bigint,
  add prev_hash bytea,
  add hash bytea;

-- The owner has taken the right from itself.
grant update on operator_audit, audit_heads to current_user;
-- What was written before keeps its numbers and instants; anchors get numbers in the order in which they were taken.
do $$
declare
  entry record;
  number bigint := 0;
  previous bytea := decode(repeat('00', 32), 'hex');
begin
  for entry in select * from public.operator_audit order by id loop
    update public.operator_audit set prev_hash = previous, hash = public.log_hash(previous, entry.id::text,
      public.microseconds(entry.at), entry.operator, entry.action, coalesce(entry.tenant_id::text, ''), entry.detail::text)
    where id = entry.id returning hash into previous;
  end loop;
  previous := decode(repeat('00', 32), 'hex');
  for entry in select * from public.audit_heads order by at, tenant_id, head_id loop
    number := number + 1;
    update public.audit_heads set id = number, prev_hash = previous, hash = public.log_hash(previous, number::text,
      public.microseconds(entry.at), entry.tenant_id::text, entry.head_id::text, encode(entry.head_hash, 'hex'), '')
    where tenant_id = entry.tenant_id and head_id = entry.head_id and at = entry.at
    returning hash into previous;
  end loop;
end $$;
revoke update on operator_audit, audit_heads from current_user;
alter table operator_audit alter column prev_hash set not null, alter column hash set not null;
alter table audit_heads
  alter column id set not null, alter column prev_hash set not null, alter column hash set not null,
  add constraint audit_heads_number unique (id);
-- An anchor counts no more where an operator's restore has undone what it remembers.
create index operator_audit_restored on operator_audit (tenant_id) where action = 'tenant.restored';

-- Whether an administrator opened the session, which may have taken the servers' role on since.
create function opened_by_administrator(relation oid) returns boolean
language sql stable set search_path = pg_catalog, pg_temp
  return pg_has_role(session_user, (select relowner from pg_class where oid = relation), 'member');

-- One after the other, until each commits; a statement takes this lock after every other ("oper" in ASCII).
create function chain_operator_audit() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  head record;
begin
  if new.operator not in ('platform', 'worker', 'system') and not public.opened_by_administrator(tg_relid) then
    raise insufficient_privilege using message = format('%s writes nothing as %s', session_user, new.operator);
  end if;
  perform pg_advisory_xact_lock(x'6f706572'::int);
  select id, hash into head from public.operator_audit order by id desc limit 1;
  new.id := coalesce(head.id + 1, 1);
  new.at := clock_timestamp();
  new.prev_hash := coalesce(head.hash, decode(repeat('00', 32), 'hex'));
  new.hash := public.log_hash(new.prev_hash, new.id::text, public.microseconds(new.at), new.operator, new.action,
    coalesce(new.tenant_id::text, ''), new.detail::text);
  return new;
end $$;

-- "head" in ASCII.
create function chain_audit_heads() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  head record;
begin
  perform pg_advisory_xact_lock(x'68656164'::int);
  select id, hash into head from public.audit_heads order by id desc limit 1;
  new.id := coalesce(head.id + 1, 1);
  -- Passed on from audit_anchors it has one.
  new.at := coalesce(new.at, clock_timestamp());
  new.prev_hash := coalesce(head.hash, decode(repeat('00', 32), 'hex'));
  new.hash := public.log_hash(new.prev_hash, new.id::text, public.microseconds(new.at), new.tenant_id::text,
    new.head_id::text, encode(new.head_hash, 'hex'), '');
  return new;
end $$;
create or replace function pass_on_anchor() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.audit_heads (tenant_id, head_id, head_hash, at)
  values (new.tenant_id, new.head_id, new.head_hash, new.at);
  return null;
end $$;
create trigger chain before insert on operator_audit for each row execute function chain_operator_audit();
create trigger chain before insert on audit_heads for each row execute function chain_audit_heads();

-- Grants bind the servers' role. This binds whoever holds more by mistake, the owner too, until they turn it off.
create function refuse_change() returns trigger
language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  raise insufficient_privilege using message = format('%s is append-only: no %s', tg_table_name, lower(tg_op));
end $$;
create trigger append_only before update or delete or truncate on operator_audit
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on audit_heads
  for each statement execute function refuse_change();
create trigger append_only before update or delete or truncate on audit_anchors
  for each statement execute function refuse_change();

-- How far the logs have been shipped elsewhere. It only goes on, and never beyond what is there.
create table log_shipments (
  log text not null check (log in ('operator_audit', 'audit_heads')),
  up_to bigint not null,
  at timestamptz not null default clock_timestamp(),
  primary key (log, up_to)
);
create trigger append_only before update or delete or truncate on log_shipments
  for each statement execute function refuse_change();

-- Not beyond what there is: nothing to come is skipped.
create function check_shipment() returns trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  if not exists (
    select from public.operator_audit where new.log = 'operator_audit' and id = new.up_to
    union all select from public.audit_heads where new.log = 'audit_heads' and id = new.up_to
  ) then
    raise check_violation using message = format('%s has no row %s', new.log, new.up_to);
  end if;
  return new;
end $$;
create trigger there before insert on log_shipments for each row execute function check_shipment();

-- What the servers' role may is granted at the end of each preparation: operations/provisioning/own-registry.ts.
revoke execute on all functions in schema public from public;
