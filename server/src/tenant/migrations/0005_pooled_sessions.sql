-- Whose rows a session sees. Behind PgBouncer in transaction mode a session's own settings do not survive, and
-- startup parameters it does not know are refused; application_name it keeps for each client and sets on the
-- server connection it hands out. So our pools name their tenant there, `pay-server/<tenant id>`, and that is
-- asked first: what somebody left behind in app.tenant_id on a shared connection changes nothing.
create or replace function pay.current_tenant() returns uuid language sql stable parallel safe
  return case
    when current_setting('application_name') like 'pay-server/%'
      then substr(current_setting('application_name'), 12)::uuid
    else nullif(current_setting('app.tenant_id', true), '')::uuid
  end;

-- Turns at the ERP, whose limit all server processes share. A turn whose holder died ends by itself.
create table pay.erp_turns (
  tenant_id uuid not null,
  number int not null,
  holder uuid not null,
  until timestamptz not null,
  primary key (number, tenant_id)
);
alter table pay.erp_turns enable row level security;
create policy tenant on pay.erp_turns
  using (tenant_id = pay.current_tenant()) with check (tenant_id = pay.current_tenant());
grant select, insert, update, delete on pay.erp_turns to :tenants;
