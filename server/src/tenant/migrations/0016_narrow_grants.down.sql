revoke execute on function pay.current_tenant() from :tenants;
grant execute on all functions in schema pay to public;
drop trigger final on pay.outbox;
drop trigger agreed on pay.payments;
drop trigger final on pay.payments;
drop trigger final on pay.embed_keys;
drop trigger stamp_end on pay.outbox;
drop trigger stamp on pay.outbox;
drop trigger stamp on pay.declines;
drop trigger stamp on pay.payments;
drop trigger stamp on pay.embed_keys;
drop trigger stamp on pay.record_faults;
drop trigger stamp on pay.flag_overrides;
drop trigger stamp on pay.settings;
drop trigger signed on pay.flag_overrides;
drop function pay.refuse_rewrite();
drop function pay.stamp();
drop function pay.refuse_name();
create or replace function pay.refuse_retired_key() returns trigger language plpgsql as $$
begin
  -- Shared among writers; the rotation takes it alone, so that it sees what they wrote ("keys" in ASCII).
  perform pg_advisory_xact_lock_shared(1801812339);
  if new.key_version < (select minimum_version from pay.key_floor where tenant_id = new.tenant_id) then
    raise exception 'sealed under a data key that is being retired' using errcode = 'KEY01';
  end if;
  return new;
end $$;
create or replace function pay.chain_audit() returns trigger
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
drop function pay.refuse_operators_name(text, oid);
grant usage on all sequences in schema pay to :tenants;
-- Those of columns go with them.
revoke insert, update on all tables in schema pay from :tenants;
grant insert, update, delete on all tables in schema pay to :tenants;
revoke insert, update, delete on pay.open_work from :tenants;
revoke update, delete on pay.audit_log, pay.ledger_entries from :tenants;
revoke delete on pay.key_floor from :tenants;
revoke insert on pay.audit_log from :tenants;
grant insert (tenant_id, id, at, actor, action, subject, detail) on pay.audit_log to :tenants;
