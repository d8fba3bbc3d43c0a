import { quoteIdentifier, quoteLiteral } from "../../database/client.ts";
import type { Sql } from "../../database/connect.ts";

/**
 * What PostgreSQL lets every role do in every database, and a tenant's role has no use for: store where no row-level
 * security reaches, fill what all databases of a server share (the table of locks, the queue of notifications, the
 * write-ahead log and whoever decodes it).
 */
const forbidden = [
  "lo_creat",
  "lo_create",
  "lo_from_bytea",
  "lo_put",
  "lo_open",
  "lowrite",
  "lo_truncate",
  "lo_truncate64",
  "lo_unlink",
  "pg_logical_emit_message",
  "pg_notify",
  "pg_advisory_lock",
  "pg_advisory_lock_shared",
  "pg_advisory_xact_lock",
  "pg_advisory_xact_lock_shared",
  "pg_try_advisory_lock",
  "pg_try_advisory_lock_shared",
  "pg_try_advisory_xact_lock",
  "pg_try_advisory_xact_lock_shared",
];

/** Functions of the list that everybody may call, and whether everybody may run programs of their own. */
const openToAll = `
  select p.oid::regprocedure as function from pg_proc p
  where p.pronamespace = 'pg_catalog'::regnamespace and p.proname = any (${quoteLiteral(`{${forbidden.join()}}`)})
    and has_function_privilege('public', p.oid, 'execute')`;

/** Before schema 16 triggers took their locks with the rights of whoever wrote. */
const locksOfItsOwn = `
  exists (select from pg_proc where pronamespace = to_regnamespace('pay') and proname = 'chain_audit' and prosecdef)`;

/**
 * Takes that away in the connected database, from all but the role that owns the tenants' tables; repeatable, and quick
 * when it is done. Only a superuser can: elsewhere it changes nothing, and `clarity doctor` says so. New databases are
 * copied from a template that has it. A schema that needs those rights keeps them.
 *
 * @param sql the administrator, in a tenant's database or the template
 */
export async function hardenDatabase(sql: Pick<Sql, "unsafe">, owner: string): Promise<void> {
  const role = quoteIdentifier(owner);
  await sql.unsafe(`
    do $harden$
    declare
      open record;
    begin
      if not (select rolsuper from pg_roles where rolname = current_user) or not ${locksOfItsOwn} then return; end if;
      for open in ${openToAll} loop
        execute format('revoke execute on function %s from public', open.function);
        execute format('grant execute on function %s to ${role.replaceAll("'", "''")}', open.function);
      end loop;
      -- A loop in one statement: what a client must send one by one has its own pace.
      if has_language_privilege('public', 'plpgsql', 'usage') then
        revoke usage on language plpgsql from public;
        grant usage on language plpgsql to ${role};
      end if;
    end $harden$`);
}

/** Gives it back, for a schema that is about to be one that needs it. */
export async function softenDatabase(sql: Pick<Sql, "unsafe">): Promise<void> {
  await sql.unsafe(`
    do $soften$
    declare
      closed record;
    begin
      if not (select rolsuper from pg_roles where rolname = current_user) then return; end if;
      for closed in
        select p.oid::regprocedure as function from pg_proc p
        where p.pronamespace = 'pg_catalog'::regnamespace and p.proname = any (${quoteLiteral(`{${forbidden.join()}}`)})
      loop
        execute format('grant execute on function %s to public', closed.function);
      end loop;
      grant usage on language plpgsql to public;
    end $soften$`);
}

/** What is open to every role there; empty: it was hardened. */
export async function findOpenToAll(sql: Pick<Sql, "unsafe">): Promise<string[]> {
  const rows = await sql.unsafe<{ function: string }[]>(
    `select function::text from (${openToAll}) open
     union all select 'do' where has_language_privilege('public', 'plpgsql', 'usage')`,
  );
  return rows.map((row) => row.function);
}

/** Changes when the list does: templates are made anew. */
export const hardening = forbidden.join();
