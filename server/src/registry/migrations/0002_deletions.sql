-- Tenants on their way out, and what is left of those that are gone. Restoring a tenant deletes its row;
-- after the destruction it stays, with the certificate. Holds no rows of tenants and no keys.
create table deletions (
  tenant_id uuid primary key,
  slug text not null,
  name text not null,
  database_name text not null,
  login_role text not null,
  hosts text[] not null,
  -- What a restored tenant is again.
  status_before text not null check (status_before in ('active', 'suspended')),
  requested_by text not null,
  requested_at timestamptz not null default now(),
  -- Not destroyed before.
  due_at timestamptz not null,
  -- Why unfinished payments or deliveries were to be no obstacle; null: they are one.
  force_reason text,
  -- From here there is no way back: rows are counted, the destruction begins.
  destroying_at timestamptz,
  destroyed_by text,
  row_counts jsonb,
  unfinished jsonb,
  -- SHA-256 of the wrapped data key, hex.
  key_fingerprint text,
  destroyed_at timestamptz,
  -- JWS, compact, Ed25519.
  certificate text,
  check ((destroying_at is null) = (row_counts is null)),
  check (certificate is null or destroyed_at is not null)
);
create index deletions_slug on deletions (slug);

-- What a person looks at when a destruction stopped half-way. The steps themselves are idempotent.
create table deletion_steps (
  tenant_id uuid not null references deletions (tenant_id) on delete cascade,
  step text not null,
  done_at timestamptz not null default clock_timestamp(),
  primary key (tenant_id, step)
);
