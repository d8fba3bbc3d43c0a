create or replace function pay.current_tenant() returns uuid language sql stable parallel safe
  return case
    when current_setting('application_name') like 'pay-server/%'
      then substr(current_setting('application_name'), 12)::uuid
    else nullif(current_setting('app.tenant_id', true), '')::uuid
  end;
