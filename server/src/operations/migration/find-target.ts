import type { Operator } from "../operator.ts";
import { administratorUrl } from "../servers/database-servers.ts";
import { migrationRoles } from "../servers/prepare-template.ts";
import type { SchemaTarget } from "./upgrade-database.ts";

/** Where a tenant's database is reached as the administrator. */
export type TargetFinder = (tenant: {
  /** Name of its database server; null: the registry's own. */
  readonly server: string | null;
  readonly database: string;
}) => Promise<SchemaTarget>;

/** Asks the registry once a server. */
export function targetFinder(ctx: Operator): TargetFinder {
  const servers = new Map<string | null, Promise<string>>();
  const roles = migrationRoles(ctx.address.namespace);
  return async ({ server, database }) => {
    const known =
      servers.get(server) ?? administratorUrl({ ctx, server: server === null ? null : { name: server } });
    servers.set(server, known);
    const url = new URL(await known);
    url.pathname = `/${database}`;
    return { url: url.href, ...roles };
  };
}
