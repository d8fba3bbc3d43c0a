-- Feature flags whose value is this tenant's own; all others have the default of the code.
create table pay.flag_overrides (
  tenant_id uuid not null,
  key text not null,
  value jsonb not null check (jsonb_typeof(value) in ('boolean', 'string', 'number')),
  reason text,
  set_by text not null,
  set_at timestamptz not null default now(),
  -- From then on it no longer counts; null: until it is unset.
  expires_at timestamptz,
  primary key (key, tenant_id)
);

insert into pay.flag_overrides (tenant_id, key, value, reason, set_by)
select s.tenant_id, f.key, f.value, 'from the setting flags', 'migration'
from pay.settings s, jsonb_each(s.value) f
where s.key = 'flags' and jsonb_typeof(f.value) in ('boolean', 'string', 'number');
-- Code before this one takes its absence for the default: none.
delete from pay.settings where key = 'flags';

-- The oldest version of the tenant's data key that may still seal; absent: any. A rotation raises it before it
-- seals anew what is there, so that a process which has not heard of it leaves nothing behind under the old key.
create table pay.key_floor (
  tenant_id uuid not null,
  only_row boolean not null default true check (only_row),
  minimum_version int not null,
  primary key (only_row, tenant_id)
);

create function pay.refuse_retired_key() returns trigger language plpgsql as $$
begin
  -- Shared among writers; the rotation takes it alone, so that it sees what they wrote ("keys" in ASCII).
  perform pg_advisory_xact_lock_shared(1801812339);
  if new.key_version < (select minimum_version from pay.key_floor where tenant_id = new.tenant_id) then
    raise exception 'sealed under a data key that is being retired' using errcode = 'KEY01';
  end if;
  return new;
end $$;
create trigger retired_key before insert or update on pay.settings
  for each row when (new.key_version is not null) execute function pay.refuse_retired_key();
create trigger retired_key before insert or update on pay.embed_keys
  for each row when (new.key_version is not null) execute function pay.refuse_retired_key();

alter table pay.flag_overrides enable row level security;
create policy tenant on pay.flag_overrides
  using (tenant_id = pay.current_tenant()) with check (tenant_id = pay.current_tenant());
alter table pay.key_floor enable row level security;
create policy tenant on pay.key_floor
  using (tenant_id = pay.current_tenant()) with check (tenant_id = pay.current_tenant());
grant select, insert, update, delete on pay.flag_overrides to :tenants;
grant select, insert, update on pay.key_floor to :tenants;
