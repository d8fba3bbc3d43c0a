/**
 * The account's records under the names SuiteQL knows them by, so that a query can be run almost as
 * it came. `erp` holds what SuiteQL does not show.
 */
export const schema = `
create schema if not exists erp;
create schema if not exists suiteql;

create table if not exists erp.meta (key text primary key, value text not null);

create table if not exists erp.integrations (
  client_id text not null,
  certificate_id text not null,
  public_jwk jsonb not null,
  primary key (client_id, certificate_id)
);
create table if not exists erp.access_tokens (
  token text primary key,
  client_id text not null,
  expires_at timestamptz not null
);

create table if not exists suiteql.currency (id bigint primary key, symbol text not null, name text not null, exchangerate numeric not null);
create table if not exists suiteql.customer (
  id bigint primary key,
  entityid text not null,
  companyname text not null,
  email text,
  isinactive text not null default 'F'
);
create sequence if not exists erp.transaction_ids start 5001;
create table if not exists suiteql.transaction (
  id bigint primary key default nextval('erp.transaction_ids'),
  tranid text not null,
  externalid text unique,
  type text not null check (type in ('CustInvc', 'CustPymt')),
  entity bigint not null references suiteql.customer (id),
  currency bigint not null references suiteql.currency (id),
  trandate date not null,
  duedate date,
  foreigntotal numeric not null,
  foreignamountunpaid numeric check (foreignamountunpaid >= 0),
  posting text not null default 'T',
  voided text not null default 'F',
  memo text
);
create index if not exists transaction_entity on suiteql.transaction (entity, type);

create table if not exists erp.applications (
  payment bigint not null references suiteql.transaction (id) on delete cascade,
  invoice bigint not null references suiteql.transaction (id),
  amount numeric not null check (amount > 0),
  primary key (payment, invoice)
);
create table if not exists erp.payment_bodies (
  payment bigint primary key references suiteql.transaction (id) on delete cascade,
  body jsonb not null,
  writes int not null default 1,
  created_at timestamptz not null default now()
);
`;
