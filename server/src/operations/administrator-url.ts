import { openPlatformKeys } from "../registry/platform-key.ts";
import type { DatabaseServer } from "../registry/tenant-record.ts";
import type { Operator } from "./operator.ts";

/** Where a server's own secret stands; part of what is authenticated. */
export const administratorPlace = (name: string) => `database-server:${name}`;

/**
 * The administrator's URL on a database server, in a database when one is named.
 *
 * @param server null: the registry's own
 */
export async function administratorUrl({
  ctx,
  server,
  database,
}: {
  ctx: Pick<Operator, "address" | "registry">;
  server: Pick<DatabaseServer, "name"> | null;
  database?: string;
}): Promise<string> {
  const url = new URL(server ? await storedAdministratorUrl(ctx, server.name) : ctx.address.adminUrl);
  if (database) url.pathname = `/${database}`;
  return url.href;
}

/** @throws Error when the registry knows none of that name */
export async function storedAdministratorUrl(ctx: Pick<Operator, "registry">, name: string): Promise<string> {
  const [row] = await ctx.registry.sql<{ admin_secret: Uint8Array; admin_key_version: number }[]>`
    select admin_secret, admin_key_version from database_servers where name = ${name}`;
  if (!row) throw new Error(`no database server ${name}: clarity database-server list shows them`);
  const keys = await openPlatformKeys(ctx.registry);
  return keys.open(administratorPlace(name), {
    ciphertext: row.admin_secret,
    keyVersion: row.admin_key_version,
  });
}
