-- The role that Clarity operates a PostgreSQL server as, in DATABASE_URL and `clarity database-server add`: all that it
-- needs, and nothing more. A superuser needs none of it.
--
--   psql "$SUPERUSER_URL" -f administrator.sql        in the database that the role's URL will name
--   \password clarity_admin
--
-- Run by the superuser, or by the administrator of a managed server; again as often as one likes, and once more when
-- another role has operated the server before. For another name replace clarity_admin, for another CLARITY_NAMESPACE pay.
-- `clarity doctor` says what is lacking.

do $$
begin
  if not exists (select from pg_roles where rolname = 'clarity_admin') then
    create role clarity_admin;
  end if;
  execute format('grant connect on database %I to clarity_admin', current_database());
end
$$;

-- Makes tenants' databases and their login roles, and the roles that own and enter them.
alter role clarity_admin login createdb createrole;

-- Sees and ends the sessions of a tenant that is moved, brought back or destroyed: unseen, they would go on writing to
-- what is replaced.
grant pg_signal_backend, pg_read_all_stats to clarity_admin;

-- Copies rows into a server a tenant moves to as they are, without triggers that would write their own beside them.
grant set on parameter session_replication_role to clarity_admin;

-- What another role has made here, such as a superuser before this script: to act for its owner, to make members of its
-- groups and to change its login roles. Up to PostgreSQL 15 the first is enough.
do $$
declare
  made text;
begin
  for made in select rolname from pg_roles where rolname in ('pay_owner', 'pay_registry') loop
    execute format('grant %I to clarity_admin with admin option', made);
  end loop;
  if current_setting('server_version_num')::int >= 160000 then
    for made in select rolname from pg_roles where rolname ~ '^pay_(tenants|t_[0-9a-f]{32})$' loop
      execute format('grant %I to clarity_admin with admin true, inherit false, set false', made);
    end loop;
  end if;
end
$$;

-- Only where pgBackRest archives the WAL, for `clarity tenant restore --to`; a managed server may not allow it.
grant execute on function pg_switch_wal() to clarity_admin;
