-- phase: expand
-- Who has had payments declined lately: sessions, customers, addresses, cards, each as `<scope>:<digest>`; no address
-- and no vendor's fingerprint is kept. A row is forgotten a day after its last decline.
create table pay.declines (
  tenant_id uuid not null,
  subject text not null,
  -- Declines as of `at`; it falls by the setting's number an hour.
  level float8 not null,
  at timestamptz not null,
  -- The next try waits until then.
  wait_until timestamptz not null default '-infinity',
  -- Until then the payer is told no more than that it was declined.
  coarse_until timestamptz not null default '-infinity',
  -- When it was first beyond what it may, of this hour; null: it never was.
  slowed_at timestamptz,
  primary key (subject, tenant_id)
);
create index declines_slowed on pay.declines (slowed_at) where slowed_at is not null;
alter table pay.declines enable row level security;
create policy tenant on pay.declines
  using (tenant_id = pay.current_tenant()) with check (tenant_id = pay.current_tenant());
grant select, insert, update, delete on pay.declines to :tenants;

-- Whom a decline of it is counted against.
alter table pay.attempts add column subjects text[] not null default '{}';
-- Whether the payer is told why the bank declined.
alter table pay.payments add column coarse boolean not null default false;
