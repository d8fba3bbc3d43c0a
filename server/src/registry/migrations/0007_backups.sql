-- Tenants' backups and what was restored of them. Holds no rows of tenants.

-- Opens a tenant's logical backups: an age identity, AES-256-GCM under the tenant's data key. Goes with the tenant.
create table backup_identities (
  tenant_id uuid primary key references tenants (id) on delete cascade,
  ciphertext bytea not null,
  key_version int not null
);

-- Written before the file. A row that is neither finished nor failed is of a run under way, or of one that was killed.
create table backups (
  id uuid primary key,
  -- No reference: a deleted tenant's are known until their files are gone.
  tenant_id uuid not null,
  slug text not null,
  -- Absolute, on the machine that made it.
  file text not null unique,
  schema_version int not null,
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

-- One tenant brought back to an instant, in a database beside the one it had.
create table restores (
  id uuid primary key,
  tenant_id uuid not null references tenants (id) on delete cascade,
  -- drill: to measure; never switched to.
  kind text not null check (kind in ('backup', 'instant', 'drill')),
  backup_id uuid,
  -- A backup's is its snapshot.
  to_instant timestamptz not null,
  from_database text not null,
  into_database text not null unique,
  requested_by text not null,
  requested_at timestamptz not null default clock_timestamp(),
  -- Why it may go on without looking at what the replaced database holds; null: it may not.
  force_reason text,
  -- Whole, and the same as what it was made from.
  verified_at timestamptz,
  status_before text check (status_before in ('active', 'suspended')),
  switched_at timestamptz,
  -- What a person should know: ids, states, amounts, counts.
  report jsonb,
  -- The replaced database is gone.
  confirmed_at timestamptz,
  check ((kind = 'backup') = (backup_id is not null)),
  check ((switched_at is null) = (report is null)),
  check (confirmed_at is null or switched_at is not null)
);
create unique index restores_open on restores (tenant_id) where confirmed_at is null and kind <> 'drill';

-- What became of a deleted tenant's backups; the certificate repeats it.
alter table deletions add backups jsonb;
