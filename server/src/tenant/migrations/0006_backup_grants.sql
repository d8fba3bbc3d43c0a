-- needed: no
-- What pg_dump reads as a tenant's own role beside the rows: where sequences stand, which migrations were applied.
grant select on all sequences in schema pay to :tenants;
alter default privileges in schema pay grant select on sequences to :tenants;
grant usage on schema public to :tenants;
grant select on public.schema_migrations to :tenants;
