-- Tenants' backups and what was restored of them. Holds no rows of tenants.

-- Opens a tenant's logical backups: an age identity, AES-256-GCM under the tenant's data key. Goes with the tenant.
alter table tenants
  add backup_identity bytea,
  add backup_identity_key_version int,
  -- No rotation can lose the key that opens it, and no writer can bring back one that is gone.
  add constraint tenants_backup_identity check ((backup_identity is null) = (backup_identity_key_version is null)
    and backup_identity_key_version in (data_key_version, coalesce(other_data_key_version, data_key_version)));

-- Written before the file. A row that is neither finished nor failed is of a run under way, or of one that was killed.
create table backups (
  id uuid primary key,
  -- No reference: a deleted tenant's are known until their files are gone.
  tenant_id uuid not null,
  slug text not null,
  -- Absolute, on the machine that made it.
  file text not null unique,
  schema_version int not null,
  requested_by text not null,
  started_at timestamptz not null default clock_timestamp(),
  failed_at timestamptz,
  failure text,
  -- The instant its rows are of.
  snapshot_at timestamptz,
  finished_at timestamptz,
  bytes bigint,
  -- Of the encrypted file, hex.
  sha256 text,
  -- {table: {rows, checksum}}
  contents jsonb,
  -- Last restored into a database of its own and found whole.
  verified_at timestamptz,
  check (finished_at is null or num_nonnulls(snapshot_at, bytes, sha256, contents) = 4),
  check ((failed_at is null) = (failure is null))
);
create index backups_tenant on backups (tenant_id, started_at desc);

-- One tenant brought back to an instant, in a database beside the one it had. Goes with the tenant.
create table restores (
  id uuid primary key,
  tenant_id uuid not null references tenants (id) on delete cascade,
  -- null: from the server's WAL archive.
  backup_id uuid,
  -- A backup's is its snapshot.
  to_instant timestamptz not null,
  from_database text not null,
  into_database text not null unique,
  requested_by text not null,
  requested_at timestamptz not null default clock_timestamp(),
  -- Why the replaced database may be missing; null: it may not.
  force_reason text,
  -- Whole, and the same as what it was made from.
  verified_at timestamptz,
  status_before text check (status_before in ('active', 'suspended')),
  paused_at timestamptz,
  switched_at timestamptz,
  -- What a person should know: ids, states, amounts, counts.
  report jsonb,
  -- The replaced database is gone.
  confirmed_at timestamptz,
  check ((paused_at is null) = (status_before is null)),
  check ((switched_at is null) = (report is null)),
  check (confirmed_at is null or switched_at is not null)
);
create unique index restores_open on restores (tenant_id) where confirmed_at is null;
