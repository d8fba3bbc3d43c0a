import { everySetOfFeatures, type Features, viewsOf } from "./features.ts";

/**
 * The account's records under the names SuiteQL knows them by, so that a query can be run almost as
 * it came. `erp` holds what SuiteQL does not show.
 */
const tables = `
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
-- The subsidiary a payment is booked in unless it says otherwise.
alter table suiteql.customer add column if not exists subsidiary bigint not null default 1;
create table if not exists suiteql.subsidiary (id bigint primary key, name text not null, currency bigint not null);
-- An account without a currency takes all of them: only banks have one.
create table if not exists suiteql.account (
  id bigint primary key,
  acctnumber text not null,
  fullname text not null,
  accttype text not null,
  currency bigint references suiteql.currency (id),
  isinactive text not null default 'F'
);
create table if not exists suiteql.accountsubsidiarymap (
  account bigint not null references suiteql.account (id) on delete cascade,
  subsidiary bigint not null references suiteql.subsidiary (id) on delete cascade,
  primary key (account, subsidiary)
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
alter table suiteql.transaction add column if not exists subsidiary bigint not null default 1;
-- The secondary key of an applied document; invoices paid in instalments have another than 0.
alter table suiteql.transaction add column if not exists applyline int not null default 0;
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
-- Where the money went: null is Undeposited Funds.
alter table erp.payment_bodies add column if not exists account bigint;
-- The customer's stored card was charged once more: nobody said SAVE_ONLY.
alter table erp.payment_bodies add column if not exists charged boolean not null default false;
`;

/** Beside the tables, what SuiteQL shows of them in an account with these features or those. */
export const schema = [tables, ...everySetOfFeatures.map((features: Features) => viewsOf(features))].join(
  "\n",
);
