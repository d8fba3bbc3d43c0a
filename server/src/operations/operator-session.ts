import { openTenantKeys } from "../crypto/tenant-keys.ts";
import { quoteIdentifier } from "../database/client.ts";
import { connect, type Sql } from "../database/connect.ts";
import type { Registry } from "../registry/registry.ts";
import type { TenantRecord } from "../registry/tenant-record.ts";
import { TenantUnavailable } from "../tenant/errors.ts";
import type { Route } from "../tenant/tenant-connection.ts";
import { administratorUrl } from "./administrator-url.ts";
import type { Operator } from "./operator.ts";

/** What it takes to reach a tenant's database as its administrator. */
export type Reach = Pick<Operator, "address"> & { readonly registry: Registry };

/**
 * An operator's way into a tenant's database: the administrator's session, which has taken the tenant's role on. It sees
 * and does what that role does, behind the same row-level security, and PostgreSQL knows who opened it: only such a
 * session writes audit rows in an operator's name. Not through a pooler, where a role does not survive.
 *
 * @throws CannotDecrypt when the master key is not this platform's: an administrator's password is not enough
 */
export async function operatorRoute({ ctx, record }: { ctx: Reach; record: TenantRecord }): Promise<Route> {
  const { id: tenantId, dataKey, otherDataKey, database } = record;
  const { masterKey } = ctx.registry;
  await openTenantKeys({ tenantId, dataKey, otherDataKey, masterKey });
  const url = await administratorUrl({ ctx, server: database.server, database: database.name });
  await joinRole({ url, role: database.role });
  return { url, pooled: false, role: database.role };
}

/**
 * One such connection, with a session of the caller's: unhurried, unless it says otherwise.
 *
 * @throws TenantUnavailable where the role may not log in: of a place that is being left nobody is let in
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
  throw new TenantUnavailable(`${record.slug} is closed there: it is being moved, restored or deleted`);
}

/** Administrators that need no more than a look, and roles that others have joined, by server. */
const joined = new Set<string>();

/** A superuser may take on any role; others must be made members, which whoever made the role can do for itself. */
async function joinRole({ url, role }: { url: string; role: string }): Promise<void> {
  const { host, username } = new URL(url);
  const administrator = `${username}@${host}`;
  const member = `${role} ${administrator}`;
  if (joined.has(administrator) || joined.has(member)) return;
  const sql = connect({ url, max: 1 });
  try {
    const [row] = await sql<{ superuser: boolean; member: boolean }[]>`
      select rolsuper as superuser, pg_has_role(${role}::name, 'member') as member
      from pg_roles where rolname = current_user`;
    if (row?.superuser) {
      joined.add(administrator);
      return;
    }
    if (!row?.member) await sql.unsafe(`grant ${quoteIdentifier(role)} to current_user`);
    joined.add(member);
  } finally {
    await sql.end({ timeout: 1 });
  }
}
