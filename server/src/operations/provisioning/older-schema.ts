import { lastContract, latestSchemaVersion, tenantMigrations } from "../../tenant/schema.ts";
import { targetFinder } from "../migration/find-target.ts";
import { upgradeDatabase } from "../migration/upgrade-database.ts";
import { administratorUrl } from "../servers/database-servers.ts";
import { prepareServer } from "../servers/prepare-server.ts";
import type { Step } from "./steps.ts";

/** What the database of a tenant begun in an older schema is copied from: an older export's rows fit no other. */
export async function prepareOlderTemplate({ ctx, creation }: Step): Promise<void> {
  const { schemaVersion, database } = creation.record;
  if (schemaVersion >= latestSchemaVersion()) return;
  const adminUrl = await administratorUrl({ ctx, server: database.server });
  await prepareServer({ adminUrl, namespace: ctx.address.namespace, schemaVersion });
}

/** By the migrations that brought everybody else: what they do to rows they do to these. */
export async function bringForward({ ctx, creation: { record } }: Step): Promise<void> {
  const migrations = tenantMigrations();
  const { schemaVersion: from, database } = record;
  const to = latestSchemaVersion();
  if (from >= to) return;
  const server = database.server?.name ?? null;
  const target = await targetFinder(ctx)({ server, database: database.name });
  const version = await upgradeDatabase({ target, migrations, from, to });
  // After the database: the registry never says more than it holds.
  await ctx.registry.sql`
    update tenants set schema_version = ${version}, contract_version = ${lastContract(migrations, version)},
      updated_at = clock_timestamp()
    where id = ${record.id} and status = 'creating'`;
}
