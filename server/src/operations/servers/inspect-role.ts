import { errorCode } from "../../database/client.ts";
import { connect, type Sql } from "../../database/connect.ts";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import { connectionUrl } from "../../tenant/tenants.ts";
import type { Operator } from "../operator.ts";
import { liftedOf, longestTransactionS, type RoleSetting } from "../watchdog/role-bounds.ts";
import { administratorUrl } from "./database-servers.ts";
import { findOpenToAll } from "./harden-database.ts";

/** What a tenant's role can do to itself, and what has become of it. */
export interface RoleState {
  /** Settings other than those it was given, as `statement_timeout=0`; of one database with its name before. */
  readonly lifted: readonly string[];
  /** Whether servers get in with the password that the registry has; null: that could not be tried. */
  readonly password: "theirs" | "another" | null;
  /** Transactions of its own sessions that are open for longer than any of ours. */
  readonly long: number;
  /** Of the queue that all databases of the server share, 0 to 1. */
  readonly notificationQueue: number;
  /** Functions that every role may call in its database, and that are none of a tenant's business. */
  readonly openToAll: readonly string[];
}

export async function inspectRole(input: { ctx: Operator; record: TenantRecord }): Promise<RoleState> {
  const { ctx, record } = input;
  const { server, name, role } = record.database;
  const url = await administratorUrl({ ctx, server, database: name });
  const sql = connect({ url, max: 1 });
  try {
    const [row] = await sql<{ long: number; queue: number }[]>`
      select pg_notification_queue_usage()::float8 as queue, count(*)::int as long
      from pg_stat_activity
      where usename = ${role} and xact_start < now() - make_interval(secs => ${longestTransactionS})`;
    return {
      lifted: liftedOf(await readSettings(sql, role)),
      password: await tryPassword(input),
      long: row?.long ?? 0,
      notificationQueue: row?.queue ?? 0,
      openToAll: await findOpenToAll(sql),
    };
  } finally {
    await sql.end({ timeout: 2 });
  }
}

export const readSettings = (sql: Sql, role: string): Promise<RoleSetting[]> => sql<RoleSetting[]>`
  select d.datname as database, unnest(s.setconfig) as setting
  from pg_db_role_setting s join pg_roles r on r.oid = s.setrole left join pg_database d on d.oid = s.setdatabase
  where r.rolname = ${role} order by 1 nulls first, 2`;

/** As a server does, straight to the database. */
async function tryPassword({
  ctx,
  record,
}: {
  ctx: Operator;
  record: TenantRecord;
}): Promise<RoleState["password"]> {
  const sql = connect({ url: await connectionUrl({ registry: ctx.registry, record }), max: 1 });
  try {
    await sql`select 1`;
    return "theirs";
  } catch (error) {
    return errorCode(error) === "28P01" ? "another" : null;
  } finally {
    await sql.end({ timeout: 1 });
  }
}
