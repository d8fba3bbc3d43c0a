-- phase: expand
-- What the ERP's records hold that cannot be used as it is: an invoice that is withheld, an e-mail address that is none.
-- Of a customer it is what the last reading found; mended there, it is gone here. For the tenant, who can mend it.
create table pay.record_faults (
  tenant_id uuid not null,
  customer_id text not null,
  kind text not null check (kind in ('invoice', 'email')),
  -- The invoice's number, or the text in the e-mail field.
  record text not null,
  why text not null,
  first_seen_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  primary key (customer_id, kind, record, tenant_id)
);
alter table pay.record_faults enable row level security;
create policy tenant on pay.record_faults
  using (tenant_id = pay.current_tenant()) with check (tenant_id = pay.current_tenant());
grant select, insert, update, delete on pay.record_faults to :tenants;

-- What waits for a person is counted every few minutes, and is few among millions.
create index outbox_dead on pay.outbox (created_at) where state = 'dead';
create index payments_conflicted on pay.payments (created_at) where state = 'conflicted';
