-- Where tenants live, which code serves them, how far their schema is.

-- The platform's own data key, as a tenant's: wrapped by the master key, and beside it the one that is coming
-- or going while it is rotated. Seals what belongs to no tenant.
create table platform_key (
  only_row boolean primary key default true check (only_row),
  data_key bytea not null,
  data_key_version int not null,
  other_data_key bytea,
  other_data_key_version int,
  check ((other_data_key is null) = (other_data_key_version is null))
);

-- PostgreSQL servers beside the registry's own, which has no row: its address may change between starts.
create table database_servers (
  name text primary key check (name ~ '^[a-z][a-z0-9-]{0,38}[a-z0-9]$'),
  host text not null,
  port int not null,
  -- Where the pools connect instead: PgBouncer in transaction mode. null: straight to the server.
  pooler_host text,
  pooler_port int,
  -- The administrator's URL, AES-256-GCM under the platform's data key.
  admin_secret bytea not null,
  admin_key_version int not null,
  created_at timestamptz not null default now(),
  check ((pooler_host is null) = (pooler_port is null))
);

-- Server processes say here what they are, every few seconds. Several may share a base URL or be `shared`.
create table instances (
  id uuid primary key,
  -- Base URL of an instance of its own, or `shared`.
  audience text not null,
  version text not null,
  -- The last migration its code knows, and the last its code cannot do without.
  schema_version int not null,
  minimum_schema_version int not null,
  started_at timestamptz not null,
  seen_at timestamptz not null
);
create index instances_audience on instances (audience, seen_at);

-- database_host and database_port are not written any more; a later release drops them.
alter table tenants drop constraint tenants_status_check;
alter table tenants
  -- moving: between two database servers, not served for a moment.
  add constraint tenants_status_check check (status in ('creating', 'active', 'suspended', 'moving', 'deleting')),
  -- null: the registry's own server.
  add database_server text references database_servers (name),
  -- A data key on its way in or out, while keys are rotated.
  add other_data_key bytea,
  add other_data_key_version int,
  add constraint tenants_other_data_key check ((other_data_key is null) = (other_data_key_version is null)),
  -- Migrations go ring by ring.
  add ring text not null default 'rest' check (ring in ('canary', 'early', 'rest')),
  -- A code freeze: the tenant keeps this version's instance and schema until the end.
  add pinned_version text,
  add pin_reason text,
  add pin_until timestamptz,
  add constraint tenants_pin check (num_nonnulls(pinned_version, pin_reason, pin_until) in (0, 3)),
  -- The last migration in its database that older code cannot live with; 0: none.
  add contract_version int not null default 0,
  -- A migration failed here: left alone until a person says so.
  add parked_at timestamptz,
  add parked_reason text,
  add constraint tenants_parked check ((parked_at is null) = (parked_reason is null));

-- Heads of the tenants' audit chains, kept where the tenants' administrators cannot reach. Append-only.
create table audit_anchors (
  tenant_id uuid not null,
  -- Id of the last row when it was taken, and that row's hash.
  head_id bigint not null,
  head_hash bytea not null,
  at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, head_id)
);
revoke update, delete, truncate on audit_anchors from current_user;
