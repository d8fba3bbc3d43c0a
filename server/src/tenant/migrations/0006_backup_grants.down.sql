revoke select on all sequences in schema pay from :tenants;
alter default privileges in schema pay revoke select on sequences from :tenants;
revoke usage on schema public from :tenants;
revoke select on public.schema_migrations from :tenants;
