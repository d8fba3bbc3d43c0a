import type { TenantRecord } from "../../registry/tenant-record.ts";
import { targetFinder } from "../fleet/find-target.ts";
import { upgradeDatabase } from "../fleet/upgrade-database.ts";
import type { Operator } from "../provisioning/operator.ts";
import { exclusively } from "../provisioning/prepare-server.ts";
import { prepareTemplate } from "../provisioning/prepare-template.ts";
import { lastContract, latestSchemaVersion, tenantMigrations } from "../schema.ts";

interface Step {
  ctx: Operator;
  record: TenantRecord;
}

/** What the database of an older export is copied from: its rows fit no other schema. */
export async function prepareOlderTemplate({ ctx, record: { schemaVersion } }: Step): Promise<void> {
  if (schemaVersion >= latestSchemaVersion()) return;
  const { admin, address } = ctx;
  const { adminUrl, namespace } = address;
  await exclusively(admin, () => prepareTemplate({ admin, adminUrl, namespace, schemaVersion }));
}

/** By the migrations that brought everybody else: what they do to rows they do to these. */
export async function bringForward({ ctx, record }: Step): Promise<void> {
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
