import { quoteIdentifier } from "../../database/client.ts";
import type { Sql } from "../../database/connect.ts";
import { names } from "../names.ts";

/** Something the administrator of a database server may not do. */
export interface MissingRight {
  /** `pg_signal_backend`, as the grant names it. */
  readonly right: string;
  /** What cannot be done without it. */
  readonly without: string;
  /** What gives it; for the server's superuser. */
  readonly grant: string;
  /**
   * `making`: no tenant can be made there. `operating`: what is done with tenants later stops half-way.
   * `archive`: only where WAL is archived.
   */
  readonly needed: "making" | "operating" | "archive";
}

/** Grants all of it. */
export const rightsScript = "server/src/operations/servers/administrator.sql";

interface Row {
  role: string;
  create: boolean;
  signal: boolean;
  stats: boolean;
  parameter: boolean;
  wal: boolean;
  foreign: string[];
}

/**
 * All that the connected administrator lacks, asked of the catalogue: nothing is changed.
 *
 * @param namespace whose roles another administrator may have made here
 */
export async function findMissingRights(input: { admin: Sql; namespace: string }): Promise<MissingRight[]> {
  const { admin, namespace } = input;
  const [row] = await admin<Row[]>`
    select current_user as role, rolsuper or (rolcreaterole and rolcreatedb) as create,
      pg_has_role('pg_signal_backend', 'usage') as signal, pg_has_role('pg_read_all_stats', 'usage') as stats,
      has_parameter_privilege('session_replication_role', 'SET') as parameter,
      has_function_privilege('pg_switch_wal()', 'execute') as wal,
      array(${foreignRoles(admin, namespace)}) as foreign
    from pg_roles where rolname = current_user`;
  if (!row) throw new Error("unreachable: the current role is a role");
  const to = quoteIdentifier(row.role);
  const all: (MissingRight & { held: boolean })[] = [
    {
      held: row.create,
      right: "createrole, createdb",
      without: "no tenant can be made",
      grant: `alter role ${to} createrole createdb`,
      needed: "making",
    },
    {
      held: row.foreign.length === 0,
      right: `to act for ${row.foreign.slice(0, 3).join(", ")}${row.foreign.length > 3 ? " …" : ""}`,
      without: "what another role made here cannot be changed",
      grant: `run ${rightsScript} once more`,
      needed: "making",
    },
    {
      held: row.signal,
      right: "pg_signal_backend",
      without: "a tenant's sessions cannot be ended: no move, restore or deletion of one that is used",
      grant: `grant pg_signal_backend to ${to}`,
      needed: "operating",
    },
    {
      held: row.stats,
      right: "pg_read_all_stats",
      without: "a tenant's sessions are not seen, and could write to a database that is replaced",
      grant: `grant pg_read_all_stats to ${to}`,
      needed: "operating",
    },
    {
      held: row.parameter,
      right: "set on parameter session_replication_role",
      without: "no tenant can be moved here",
      grant: `grant set on parameter session_replication_role to ${to}`,
      needed: "operating",
    },
    {
      held: row.wal,
      right: "execute on function pg_switch_wal()",
      without: "no tenant can be brought back to an instant",
      grant: `grant execute on function pg_switch_wal() to ${to}`,
      needed: "archive",
    },
  ];
  return all.filter(({ held }) => !held).map(({ held: _, ...missing }) => missing);
}

/** Roles of this platform that somebody else has made and that the administrator cannot act for, or change. */
const foreignRoles = (admin: Sql, namespace: string) => admin`
  select rolname::text from pg_roles r
  where (rolname in (${names.owner(namespace)}, ${names.registry(namespace)}) and not pg_has_role(oid, 'usage'))
    or (current_setting('server_version_num')::int >= 160000
      and (rolname = ${names.tenants(namespace)} or rolname ~ ${`^${namespace}_t_[0-9a-f]{32}$`})
      and not pg_has_role(oid, 'usage with admin option'))
  order by 1`;

/**
 * Does what it can take back: a managed server may refuse what its catalogue says is granted.
 *
 * @throws Error with PostgreSQL's words
 */
export async function tryRights(input: { admin: Sql; namespace: string }): Promise<void> {
  const { admin, namespace } = input;
  const role = quoteIdentifier(names.scratch(namespace, "rights"));
  const over = new Error("taken back");
  await admin
    .begin(async (sql) => {
      await sql.unsafe(`
        create role ${role} nologin; grant ${role} to current_user; alter role ${role} connection limit 1;
        set local role ${role}; reset role; set local session_replication_role = replica`);
      throw over;
    })
    .catch((error) => {
      if (error !== over) throw error;
    });
}

/** One line each. */
export const describeMissing = (missing: readonly MissingRight[]): string[] =>
  missing.map(({ right, without, grant }) => `${right} (${without}): ${grant}`);
