-- A tenant's database. Runs as the owner role, in the template first; tenant roles are members of
-- the group role :tenants and own nothing, so row-level security holds for them.
-- Every table carries tenant_id, and every query returns it: the result monitor reads it.
-- No index begins with it: in a database of one tenant it selects nothing, and a plan made while the
-- tables were empty would go on reading them whole.

create schema pay;
revoke all on schema public from public;

create function pay.current_tenant() returns uuid language sql stable parallel safe
  return nullif(current_setting('app.tenant_id', true), '')::uuid;

-- Typed settings; a secret is AES-256-GCM ciphertext bound to tenant, key and key version.
create table pay.settings (
  tenant_id uuid not null,
  key text not null,
  value jsonb,
  ciphertext bytea,
  key_version int,
  updated_at timestamptz not null default now(),
  primary key (key, tenant_id),
  check ((value is null) <> (ciphertext is null))
);

-- Keys that sign embed tokens on the ERP side. `id` is the token's `iss`.
create table pay.embed_keys (
  tenant_id uuid not null,
  id text not null,
  algorithm text not null check (algorithm in ('HS256', 'ES256', 'RS256', 'PS256')),
  secret_ciphertext bytea,
  key_version int,
  public_jwk jsonb,
  jwks_url text,
  created_at timestamptz not null default now(),
  revoked_at timestamptz,
  primary key (id, tenant_id),
  check (num_nonnulls(secret_ciphertext, public_jwk, jwks_url) = 1)
);

-- Single use of embed tokens: the digest of iss + jti, kept until the token would have expired.
create table pay.used_tokens (
  tenant_id uuid not null,
  digest bytea not null,
  expires_at timestamptz not null,
  primary key (digest, tenant_id)
);
create index used_tokens_expiry on pay.used_tokens (expires_at);

-- Portal users; roles as in the design.
create table pay.users (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  email text not null,
  role text not null check (role in ('owner', 'admin', 'designer', 'finance', 'viewer')),
  created_at timestamptz not null default now(),
  primary key (id, tenant_id)
);
create unique index users_email on pay.users (lower(email), tenant_id);

create table pay.customers (
  tenant_id uuid not null,
  id text not null,
  name text not null,
  email text,
  synced_at timestamptz not null,
  primary key (id, tenant_id)
);

-- What the ERP said last, and what payments under way hold of it. The hold is the balance lock:
-- it is taken in transaction 1 and given back or settled in transaction 2.
create table pay.invoices (
  tenant_id uuid not null,
  id text not null,
  customer_id text not null,
  number text not null,
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  total_minor bigint not null,
  open_minor bigint not null,
  held_minor bigint not null default 0 check (held_minor >= 0),
  -- Captured here but not yet seen in the ERP's balance.
  settled_minor bigint not null default 0 check (settled_minor >= 0),
  issued_on date not null,
  due_on date not null,
  synced_at timestamptz not null,
  primary key (id, tenant_id)
);
create index invoices_customer on pay.invoices (customer_id, tenant_id);

create table pay.payments (
  tenant_id uuid not null,
  id uuid not null,
  customer_id text not null,
  fingerprint bytea not null,
  state text not null check (state in
    ('pending', 'requires_action', 'authorized', 'captured', 'declined', 'failed', 'conflicted')),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  amount_minor bigint not null check (amount_minor > 0),
  surcharge_minor bigint not null check (surcharge_minor >= 0),
  total_minor bigint not null check (total_minor = amount_minor + surcharge_minor),
  -- [{invoiceId, invoiceNumber, amountMinor}], amounts as digits; written once.
  lines jsonb not null,
  card_brand text,
  card_last4 text,
  action_url text,
  reason text,
  receipt_number text,
  captured_at timestamptz,
  provider_ref text,
  locale text not null default 'en',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (id, tenant_id)
);
create index payments_open on pay.payments (customer_id, created_at desc, tenant_id);
create unique index payments_receipt on pay.payments (receipt_number, tenant_id);
create sequence pay.receipt_numbers start 1001;

-- One try to move the money. The attempt id is the provider's reference and idempotency key.
create table pay.attempts (
  tenant_id uuid not null,
  id uuid not null,
  payment_id uuid not null,
  provider text not null,
  token text not null,
  -- With token and amount the whole of what the provider was asked: asking again must be the same call.
  statement text not null,
  return_origin text,
  state text not null check (state in
    ('pending', 'requires_action', 'authorized', 'captured', 'declined', 'failed', 'conflicted')),
  provider_ref text,
  -- Who works on it: until this instant nobody else may call the provider for it.
  leased_until timestamptz not null,
  checks int not null default 0,
  next_check_at timestamptz not null,
  last_cause text,
  created_at timestamptz not null default now(),
  primary key (id, tenant_id),
  foreign key (tenant_id, payment_id) references pay.payments (tenant_id, id)
);
create index attempts_payment on pay.attempts (payment_id, tenant_id);
create index attempts_due on pay.attempts (next_check_at)
  where state in ('pending', 'requires_action', 'authorized');

-- Double entry: the rows of one payment sum to zero.
create table pay.ledger_entries (
  tenant_id uuid not null,
  id bigint generated always as identity,
  payment_id uuid not null,
  account text not null check (account in ('provider_clearing', 'receivable', 'surcharge_income')),
  invoice_id text,
  currency text not null,
  amount_minor bigint not null,
  created_at timestamptz not null default now(),
  primary key (id, tenant_id)
);
create index ledger_payment on pay.ledger_entries (payment_id, tenant_id);

-- Append-only: the group role may insert and read, nothing else.
create table pay.audit_log (
  tenant_id uuid not null,
  id bigint generated always as identity,
  at timestamptz not null default clock_timestamp(),
  actor text not null,
  action text not null,
  subject text not null,
  detail jsonb not null default '{}',
  primary key (id, tenant_id)
);

-- After money has moved, everything is a subscriber of this table.
create table pay.outbox (
  tenant_id uuid not null,
  id uuid not null default gen_random_uuid(),
  kind text not null check (kind in ('erp_post', 'receipt_email')),
  payment_id uuid not null,
  state text not null default 'due' check (state in ('due', 'done', 'dead')),
  tries int not null default 0,
  due_at timestamptz not null default now(),
  leased_until timestamptz not null default '-infinity',
  last_cause text,
  result jsonb,
  created_at timestamptz not null default now(),
  done_at timestamptz,
  primary key (id, tenant_id),
  unique (payment_id, kind, tenant_id)
);
create index outbox_due on pay.outbox (due_at) where state = 'due';

-- Provider news, stored before it is worked on; duplicates fall on the key.
create table pay.webhook_events (
  tenant_id uuid not null,
  provider text not null,
  event_id text not null,
  reference text not null,
  received_at timestamptz not null default now(),
  primary key (provider, event_id, tenant_id)
);

create table pay.themes (
  tenant_id uuid not null,
  hash text not null,
  spec jsonb not null,
  published_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (hash, tenant_id)
);

do $$
declare t text;
begin
  for t in select tablename from pg_tables where schemaname = 'pay' loop
    execute format('alter table pay.%I enable row level security', t);
    execute format(
      'create policy tenant on pay.%I using (tenant_id = pay.current_tenant()) with check (tenant_id = pay.current_tenant())', t);
  end loop;
end $$;

grant usage on schema pay to :tenants;
grant select, insert, update, delete on all tables in schema pay to :tenants;
revoke update, delete on pay.audit_log, pay.ledger_entries from :tenants;
grant usage on all sequences in schema pay to :tenants;
