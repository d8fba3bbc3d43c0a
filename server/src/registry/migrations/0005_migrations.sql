-- phase: expand
-- Runs of `clarity migrate`, for people, and for the run after one that was killed. How far a tenant is, its
-- own database says; tenants.schema_version is never above that.
create table migration_runs (
  id uuid primary key,
  operator text not null,
  target_version int not null,
  -- The one tenant it is about; null: the fleet.
  slug text,
  -- running and nobody holds the fleet's lock: killed; the next run to the same target goes on with it.
  state text not null default 'running' check (state in ('running', 'finished', 'halted', 'abandoned')),
  -- The last one begun.
  ring text check (ring in ('canary', 'early', 'rest')),
  -- Tenants to be brought to the target, those that are there, those that failed.
  total int not null default 0,
  done int not null default 0,
  failed int not null default 0,
  -- Why it halted.
  reason text,
  started_at timestamptz not null default clock_timestamp(),
  seen_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  check ((state = 'running') = (ended_at is null)),
  check ((state = 'halted') = (reason is not null))
);
create index migration_runs_started on migration_runs (started_at);

-- What the last look for drift found: names of what differs, none when nothing does.
create table schema_checks (
  tenant_id uuid primary key references tenants (id) on delete cascade,
  schema_version int not null,
  differences text[] not null,
  checked_at timestamptz not null default clock_timestamp()
);
