-- phase: expand
-- The tenant's people at its portal: how they sign in, and as whom they are signed in.

alter table pay.users
  add column name text not null default '',
  add column invited_at timestamptz not null default now(),
  -- Signed in for the first time; null: was invited.
  add column joined_at timestamptz,
  -- Who was removed stays: the audit log names people by their id.
  add column removed_at timestamptz;
revoke insert, update, delete on pay.users from :tenants;
grant insert (tenant_id, id, email, role, name, invited_at, joined_at, removed_at) on pay.users to :tenants;
grant update (role, name, joined_at, invited_at, removed_at) on pay.users to :tenants;

-- A link and a code that were mailed. Of the link there is a SHA-256, of the code, which has six digits only, a scrypt
-- with the row's id as salt: whoever reads the row has no use of it before it expires.
create table pay.login_challenges (
  tenant_id uuid not null,
  id uuid not null,
  user_id uuid not null,
  purpose text not null check (purpose in ('login', 'invitation', 'step_up')),
  -- Of a second proof: the one session that it is for.
  session_id uuid,
  link_digest bytea,
  code_hash bytea not null,
  -- Codes that were tried.
  attempts int not null default 0,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  primary key (id, tenant_id),
  foreign key (tenant_id, user_id) references pay.users (tenant_id, id)
);
create unique index login_challenges_link on pay.login_challenges (link_digest, tenant_id);
create index login_challenges_user on pay.login_challenges (user_id, created_at desc);
create index login_challenges_expiry on pay.login_challenges (expires_at);
alter table pay.login_challenges enable row level security;
create policy tenant on pay.login_challenges
  using (tenant_id = pay.current_tenant()) with check (tenant_id = pay.current_tenant());
grant select, delete on pay.login_challenges to :tenants;
grant insert (tenant_id, id, user_id, purpose, session_id, link_digest, code_hash, expires_at)
  on pay.login_challenges to :tenants;
grant update (attempts, used_at) on pay.login_challenges to :tenants;

-- Of the cookie there is a SHA-256.
create table pay.portal_sessions (
  tenant_id uuid not null,
  id uuid not null,
  user_id uuid not null,
  digest bytea not null,
  -- Such as `Firefox on Linux`, for the person.
  device text not null,
  created_at timestamptz not null default now(),
  -- Within a minute.
  seen_at timestamptz not null default now(),
  expires_at timestamptz not null,
  -- The last proof of who it is: signing in, or a code since.
  proved_at timestamptz not null default now(),
  ended_at timestamptz,
  primary key (id, tenant_id),
  foreign key (tenant_id, user_id) references pay.users (tenant_id, id)
);
create unique index portal_sessions_digest on pay.portal_sessions (digest, tenant_id);
create index portal_sessions_user on pay.portal_sessions (user_id, created_at desc);
create index portal_sessions_expiry on pay.portal_sessions (expires_at);
alter table pay.portal_sessions enable row level security;
create policy tenant on pay.portal_sessions
  using (tenant_id = pay.current_tenant()) with check (tenant_id = pay.current_tenant());
grant select, delete on pay.portal_sessions to :tenants;
grant insert (tenant_id, id, user_id, digest, device, expires_at) on pay.portal_sessions to :tenants;
grant update (seen_at, proved_at, ended_at) on pay.portal_sessions to :tenants;

-- The portal's lists, a page at a time among a million: by state, so that rare ones are found as fast as all.
create index payments_by_time on pay.payments (state, created_at desc, id desc);
create index payments_by_total on pay.payments (state, total_minor desc, id desc);
create index payments_captured on pay.payments (captured_at) where state = 'captured';
create index outbox_booked on pay.outbox (done_at) where state = 'done' and kind = 'erp_post';
create index invoices_number on pay.invoices (number, tenant_id);
create index customers_name on pay.customers (name collate "C", tenant_id);
create index audit_log_subject on pay.audit_log (subject, id);
