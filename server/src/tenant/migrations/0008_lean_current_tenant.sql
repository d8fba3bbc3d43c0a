-- needed: no
-- Who is asked stays the same, application_name before app.tenant_id, but by fewer functions: this becomes part of
-- every statement that meets a policy, and PostgreSQL checks the right to execute each of them whenever one starts.
create or replace function pay.current_tenant() returns uuid language sql stable parallel safe
  return coalesce(
    nullif(split_part(current_setting('application_name'), 'pay-server/', 2), ''),
    nullif(current_setting('app.tenant_id', true), '')
  )::uuid;
