/** The environment's tables. `recid` is what F&O calls RecId: a 64-bit number far above 2^32. */
export const schema = `
create schema if not exists fo;
create sequence if not exists fo.recids start 5637144576;
create sequence if not exists fo.batch_numbers start 421;
create sequence if not exists fo.vouchers start 10210;

create table if not exists fo.meta (key text primary key, value text not null);
create table if not exists fo.clients (client_id text primary key, secret_digest text not null);
create table if not exists fo.access_tokens (token text primary key, expires_at timestamptz not null);

create table if not exists fo.customers (
  company text not null,
  account text not null,
  -- The same customer in the model-driven app.
  account_guid uuid not null unique,
  name text not null,
  email text not null,
  currency text not null,
  recid bigint not null default nextval('fo.recids'),
  version int not null default 1,
  primary key (company, account)
);
create table if not exists fo.cust_trans (
  company text not null,
  recid bigint not null default nextval('fo.recids'),
  account text not null,
  type text not null check (type in ('Sales', 'Payment')),
  invoice text not null default '',
  voucher text not null,
  currency text not null,
  -- Negative for payments.
  amount numeric not null,
  settled numeric not null default 0,
  trans_date date not null,
  due_date date not null,
  closed date,
  version int not null default 1,
  primary key (company, recid)
);
create index if not exists cust_trans_account on fo.cust_trans (company, account);

create table if not exists fo.banks (
  company text not null,
  account text not null,
  currency text not null,
  -- Allows transactions in additional currencies.
  additional boolean not null,
  primary key (company, account)
);

create table if not exists fo.journal_headers (
  company text not null,
  batch text not null,
  journal_name text not null,
  description text not null default '',
  posted_at timestamptz,
  recid bigint not null default nextval('fo.recids'),
  version int not null default 1,
  created_at timestamptz not null default now(),
  primary key (company, batch)
);
create table if not exists fo.journal_lines (
  company text not null,
  batch text not null,
  line int not null,
  account text not null,
  credit numeric not null check (credit >= 0),
  currency text not null,
  trans_date date not null,
  -- What the caller sent besides, as it came.
  fields jsonb not null,
  marked_invoice text not null default '',
  voucher text not null,
  recid bigint not null default nextval('fo.recids'),
  version int not null default 1,
  created_at timestamptz not null default now(),
  primary key (company, batch, line),
  foreign key (company, batch) references fo.journal_headers (company, batch) on delete cascade
);
create table if not exists fo.marked_invoices (
  company text not null,
  batch text not null,
  line int not null,
  invoice text not null,
  amount numeric not null check (amount > 0),
  recid bigint not null default nextval('fo.recids'),
  version int not null default 1,
  primary key (company, batch, line, invoice),
  foreign key (company, batch, line) references fo.journal_lines (company, batch, line) on delete cascade
);
-- What the posting job settled: the oracle's source.
create table if not exists fo.settlements (
  company text not null,
  batch text not null,
  line int not null,
  invoice text not null,
  amount numeric not null
);
`;
