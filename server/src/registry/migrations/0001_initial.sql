-- The registry: which tenants there are, where they answer and how to reach their databases.
-- It holds no rows of tenants; its role can enter no tenant's database.

create table tenants (
  id uuid primary key,
  slug text not null unique check (slug ~ '^[a-z][a-z0-9-]{0,38}[a-z0-9]$'),
  name text not null,
  status text not null default 'creating' check (status in ('creating', 'active', 'suspended', 'deleting')),
  template text not null,
  tier text not null default 'standard' check (tier in ('dedicated', 'standard', 'starter')),
  -- Base URL of the tenant's own instance; null: the shared servers.
  upstream text,
  -- null: on the registry's own server, whose address may change between starts.
  database_host text,
  database_port int,
  database_name text not null unique,
  login_role text not null unique,
  -- The login role's password, AES-256-GCM under the tenant's data key.
  connection_secret bytea not null,
  connection_key_version int not null,
  -- The tenant's data key, wrapped by the master key.
  data_key bytea not null,
  data_key_version int not null,
  schema_version int not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  check ((database_host is null) = (database_port is null))
);

-- Host names without port, lower case. Reserved when the tenant is registered, so that two
-- creations cannot both succeed with one name.
create table hosts (
  host text primary key check (host = lower(host) and host !~ '[:/]'),
  tenant_id uuid not null references tenants (id) on delete cascade
);
create index hosts_tenant on hosts (tenant_id);

-- What a person looks at when a creation stopped half-way. The steps themselves are idempotent.
create table provisioning_steps (
  tenant_id uuid not null references tenants (id) on delete cascade,
  step text not null,
  done_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, step)
);

-- What operators and the platform did, across tenants. Append-only.
create table operator_audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  operator text not null,
  action text not null,
  tenant_id uuid,
  detail jsonb not null default '{}'
);
revoke update, delete, truncate on operator_audit from current_user;

-- Servers forget what they remember of the registry when it changes.
create function notify_registry() returns trigger language plpgsql as $$
begin
  perform pg_notify('registry_changed', '');
  return null;
end $$;
create trigger tenants_changed after insert or update or delete on tenants
  for each statement execute function notify_registry();
create trigger hosts_changed after insert or update or delete on hosts
  for each statement execute function notify_registry();
