import type { Sql } from "../../database/connect.ts";
import { TenantUnknown } from "../../tenant/errors.ts";

/**
 * One change of a tenant's host names at a time, until the transaction's end; its record counts as changed, or who
 * remembers it by a former name would go on.
 *
 * @param sql a transaction
 * @throws TenantUnknown; Error while it is half made, which goes by its first names, or destroyed
 */
export async function lockForHosts(
  sql: Pick<Sql, "unsafe">,
  slug: string,
): Promise<{ id: string; hosts: readonly string[] }> {
  const [tenant] = await sql.unsafe<{ id: string; status: string }[]>(
    "update tenants set updated_at = clock_timestamp() where slug = $1 returning id, status",
    [slug],
  );
  if (!tenant) throw new TenantUnknown(`no tenant ${slug}: clarity tenant list shows them`);
  if (tenant.status === "creating")
    throw new Error(`${slug} is half made: clarity tenant create ends it first`);
  if (tenant.status === "deleting") throw new Error(`${slug} is being deleted`);
  const rows = await sql.unsafe<{ host: string }[]>(
    "select host from hosts where tenant_id = $1 order by host",
    [tenant.id],
  );
  return { id: tenant.id, hosts: rows.map(({ host }) => host) };
}
