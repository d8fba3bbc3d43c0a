import { openTenantKeys } from "../crypto/tenant-keys.ts";
import { quoteIdentifier } from "../database/client.ts";
import { connect, type Sql } from "../database/connect.ts";
import type { TenantRecord } from "../registry/tenant-record.ts";
import { TenantUnavailable } from "../tenant/errors.ts";
import type { Route } from "../tenant/tenant-connection.ts";
import { administratorUrl } from "./administrator-url.ts";
import type { Operator } from "./operator.ts";

/** What it takes to reach a tenant's database as its administrator. */
export type Reach = Pick<Operator, "address" | "admin" | "registry">;

/**
 * An operator's way into a tenant's database: the administrator's session, which has taken the tenant's role on. It sees
 * and does what that role does, behind the same row-level security, and PostgreSQL knows who opened it: only such a
 * session writes audit rows in an operator's name. Not through a pooler, where a role does not survive.
 *
 * @throws CannotDecrypt when the master key is not this platform's: an administrator's password is not enough
 * @throws TenantUnavailable where the role may not log in: of a place that is being left nobody is let in
 */
export async function operatorRoute({ ctx, record }: { ctx: Reach; record: TenantRecord }): Promise<Route> {
  const { id: tenantId, dataKey, otherDataKey, database } = record;
  const { masterKey } = ctx.registry;
  await openTenantKeys({ tenantId, dataKey, otherDataKey, masterKey });
  const { server, role } = database;
  // From outside the database: who looks in as it is being closed would be somebody who entered.
  await withAdministrator({ ctx, server }, (sql) => requireOpen({ sql, record }));
  return { url: await administratorUrl({ ctx, server, database: database.name }), pooled: false, role };
}

/**
 * One such connection, with a session of the caller's: unhurried, unless it says otherwise.
 *
 * @throws CannotDecrypt, TenantUnavailable as `operatorRoute`
 */
export async function operatorSession(input: {
  ctx: Reach;
  record: TenantRecord;
  session?: Record<string, string | number>;
  max?: number;
}): Promise<Sql> {
  const { record, session = {}, max = 1 } = input;
  const { url, role = record.database.role } = await operatorRoute(input);
  const sql = connect({ url, max, session: { ...session, role, "app.tenant_id": record.id } });
  const [row] = await sql<{ open: boolean }[]>`
    select rolcanlogin as open from pg_roles where rolname = current_user`;
  if (row?.open) return sql;
  await sql.end({ timeout: 1 });
  throw closed(record);
}

async function withAdministrator(
  { ctx, server }: { ctx: Reach; server: TenantRecord["database"]["server"] },
  run: (sql: Sql) => Promise<void>,
): Promise<void> {
  if (!server) return run(ctx.admin);
  const sql = connect({ url: await administratorUrl({ ctx, server }), max: 1 });
  try {
    await run(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/** A superuser may take on any role; others must be made members, which whoever made the role can do for itself. */
async function requireOpen({ sql, record }: { sql: Sql; record: TenantRecord }): Promise<void> {
  const { role } = record.database;
  const [row] = await sql<{ open: boolean; member: boolean }[]>`
    select rolcanlogin as open, pg_has_role(oid, 'member') as member from pg_roles where rolname = ${role}`;
  if (!row?.open) throw closed(record);
  if (!row.member) await sql.unsafe(`grant ${quoteIdentifier(role)} to current_user`);
}

const closed = ({ slug }: TenantRecord) =>
  new TenantUnavailable(`${slug} is closed there: it is being moved, restored or deleted`);
