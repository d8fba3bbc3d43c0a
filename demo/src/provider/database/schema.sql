-- Run on every start: makes what is missing. No column can hold a card number.
create table if not exists accounts (
  id text primary key,
  name text not null unique,
  webhook_url text not null,
  secret_key text not null unique,
  publishable_key text not null unique,
  webhook_secret text not null,
  created_at timestamptz not null default now()
);

-- Pages that may stand around the account's own; null: it has never said, and FRAME_ANCESTORS counts.
alter table accounts add column if not exists origins text[];

create table if not exists tokens (
  id text primary key,
  account_id text not null references accounts,
  brand text not null,
  funding text not null,
  country text,
  last4 text not null check (length(last4) = 4),
  -- How the issuer will act: the magic number's meaning, without the number.
  behavior text not null,
  created_at timestamptz not null default now()
);

-- Of the number, keyed by the account: tells cards apart and cannot be turned back without the key. Older tokens have none.
alter table tokens add column if not exists fingerprint text;

create table if not exists charges (
  seq bigint generated always as identity primary key,
  id text not null unique,
  account_id text not null references accounts,
  reference text not null,
  token_id text not null references tokens,
  status text not null check (status in ('requires_action', 'authorized', 'captured', 'declined', 'canceled', 'refunded')),
  amount bigint not null check (amount > 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  captured bigint not null default 0 check (captured between 0 and amount),
  refunded bigint not null default 0 check (refunded between 0 and captured),
  decline_code text,
  statement text not null,
  return_origin text,
  challenge_token text,
  challenge_expires_at timestamptz,
  created_at timestamptz not null default now(),
  captured_at timestamptz,
  unique (account_id, reference)
);
create index if not exists charges_challenges on charges (challenge_expires_at) where status = 'requires_action';

create table if not exists refunds (
  id text primary key,
  account_id text not null references accounts,
  charge_id text not null references charges (id),
  reference text not null,
  amount bigint not null check (amount > 0),
  created_at timestamptz not null default now(),
  unique (account_id, reference)
);

create table if not exists idempotency_keys (
  account_id text not null references accounts,
  key text not null,
  fingerprint text not null,
  status smallint not null,
  body text not null,
  created_at timestamptz not null default now(),
  primary key (account_id, key)
);

create table if not exists events (
  id text primary key,
  account_id text not null references accounts,
  body text not null,
  -- Sent this many times at once, under one id: 2 while webhooks are made to come twice.
  copies smallint not null default 1,
  state text not null default 'queued' check (state in ('queued', 'delivered', 'dropped')),
  attempts integer not null default 0,
  due_at timestamptz not null default now(),
  created_at timestamptz not null default now()
);
create index if not exists events_due on events (due_at) where state = 'queued';

-- One row: the switch that is on, and for how many calls or events more.
create table if not exists faults (
  only_row boolean primary key default true check (only_row),
  mode text not null default 'none',
  operation text,
  remaining integer not null default 0 check (remaining >= 0)
);
insert into faults default values on conflict do nothing;
