-- Tenants on their way between database servers, and where a pinned one goes back to.

-- What is kept of a move, before and after. A row outlives its tenant: it says where its rows have been.
create table moves (
  id uuid primary key,
  tenant_id uuid not null,
  slug text not null,
  requested_by text not null,
  requested_at timestamptz not null default clock_timestamp(),
  -- null: the registry's own server; null: the shared servers.
  from_server text references database_servers (name),
  to_server text references database_servers (name),
  from_upstream text,
  to_upstream text,
  from_tier text not null,
  to_tier text not null,
  -- replication: rows follow while the tenant is served. copy: it is not served meanwhile.
  method text check (method in ('replication', 'copy')),
  method_reason text,
  -- The tenant is not served since, and what it was before; null again when it went back.
  paused_at timestamptz,
  status_before text check (status_before in ('active', 'suspended')),
  -- {table: {rows, checksum}}, the same on both sides.
  verified jsonb,
  -- The registry sends the tenant to the new place since; the old copy is kept, closed.
  switched_at timestamptz,
  pause_ms int,
  -- The old copy was dropped, or there was none.
  confirmed_at timestamptz,
  aborted_at timestamptz,
  check (switched_at is null or aborted_at is null),
  check (confirmed_at is null or switched_at is not null)
);
create unique index moves_open on moves (tenant_id) where confirmed_at is null and aborted_at is null;

-- What a person looks at. The steps themselves can be run again.
create table move_steps (
  id bigint generated always as identity primary key,
  move_id uuid not null references moves (id) on delete cascade,
  step text not null,
  done_at timestamptz not null default clock_timestamp()
);

alter table tenants
  -- While it is pinned: where it goes back to at the end, a base URL or `shared`. null: it stays.
  add pinned_from text,
  add constraint tenants_pinned_from check (pinned_from is null or pinned_version is not null);
