import type { TenantRecord } from "../../registry/tenant-record.ts";
import { administratorUrl } from "../placement/database-servers.ts";
import { latestSchemaVersion } from "../schema.ts";
import type { Operator } from "./operator.ts";
import { migrateTenantDatabase } from "./prepare-template.ts";

export interface MigratedTenant {
  slug: string;
  from: number;
  to: number;
  /** null: migrated, or nothing to do. */
  error: string | null;
}

/**
 * Brings every tenant's database to this code's schema, a few at a time. A failure stops that
 * tenant only; run again it goes on with those still behind.
 *
 * @param parallel databases at once; default 4
 */
export async function migrateTenants({
  ctx,
  input,
}: {
  ctx: Operator;
  input: { parallel?: number };
}): Promise<MigratedTenant[]> {
  const to = latestSchemaVersion();
  const waiting = (await ctx.registry.list()).filter(({ schemaVersion }) => schemaVersion < to);
  const results: MigratedTenant[] = [];
  const worker = async () => {
    for (let record = waiting.shift(); record; record = waiting.shift()) {
      const error = await migrateOne(ctx, record).then(
        () => null,
        (cause: Error) => cause.message,
      );
      results.push({ slug: record.slug, from: record.schemaVersion, to, error });
    }
  };
  await Promise.all(Array.from({ length: input.parallel ?? 4 }, worker));
  return results;
}

async function migrateOne(ctx: Operator, record: TenantRecord): Promise<void> {
  // A creation that stopped before its database was made copies the newer template when resumed.
  const made = await ctx.admin`select from pg_database where datname = ${record.database.name}`;
  const version =
    made.length > 0 || record.database.server
      ? await migrateTenantDatabase({
          adminUrl: await administratorUrl({ ctx, server: record.database.server }),
          database: record.database.name,
          namespace: ctx.address.namespace,
        })
      : latestSchemaVersion();
  await ctx.registry.sql`
    update tenants set schema_version = ${version}, updated_at = clock_timestamp() where id = ${record.id}`;
}
