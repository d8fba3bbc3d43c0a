import { auditName } from "../../../actor/actor.ts";
import { quoteIdentifier, quoteLiteral } from "../../../database/client.ts";
import { connect } from "../../../database/connect.ts";
import { migrate } from "../../../database/migrate.ts";
import type { TenantRecord } from "../../../registry/tenant-record.ts";
import { latestSchemaVersion, tenantMigrations } from "../../../tenant/schema.ts";
import { names } from "../../names.ts";
import type { Operator } from "../../operator.ts";
import type { RestoreRecord } from "../../records/restore-record.ts";
import { administratorUrl } from "../../servers/database-servers.ts";
import { hardenDatabase } from "../../servers/harden-database.ts";
import { RestoreRefused } from "./errors.ts";
import { asServerAdministrator, type DatabasePlace, withOwner } from "./load-database.ts";

/**
 * Makes a restored database one that the tenant can be served from: the schema its servers count on, the
 * tenant's role and nobody else let in, its name in the database's comment, a row in its audit log.
 *
 * @param version the schema the tenant is at now
 */
export async function adaptDatabase({
  ctx,
  record,
  restore,
  version,
}: {
  ctx: Operator;
  record: TenantRecord;
  restore: RestoreRecord;
  version: number;
}): Promise<void> {
  const { server } = record.database;
  const place = { ctx, server, database: restore.intoDatabase };
  const then = await schemaVersionOf(place);
  const known = latestSchemaVersion();
  if (then > version || version > known) {
    throw new RestoreRefused(
      `${record.slug} was at schema ${then}, is at ${version}, and this code knows ${known}: migrate it first`,
    );
  }
  await bringTo({ url: await administratorUrl(place), ctx, version });
  const database = quoteIdentifier(restore.intoDatabase);
  await asServerAdministrator(place, (admin) =>
    admin.unsafe(`
      grant connect on database ${database} to ${quoteIdentifier(record.database.role)};
      comment on database ${database} is ${quoteLiteral(record.id)}`),
  );
  await tell({ place, record, restore });
}

/** By the database's own account. */
export const schemaVersionOf = (place: DatabasePlace): Promise<number> =>
  withOwner(place, async (sql) => {
    const [row] = await sql.unsafe<{ version: number }[]>(
      "select max(version) as version from public.schema_migrations",
    );
    return Number(row?.version);
  });

/** Once, however often the step is run. */
async function tell(input: {
  place: DatabasePlace;
  record: TenantRecord;
  restore: RestoreRecord;
}): Promise<void> {
  const { place, record, restore } = input;
  const detail = JSON.stringify({
    restore: restore.id,
    to: restore.to.toISOString(),
    backup: restore.backupId,
  });
  await withOwner(place, (sql) =>
    sql.unsafe(
      `insert into pay.audit_log (tenant_id, actor, action, subject, detail)
       select $1::uuid, $2, 'tenant.restore', $3, $4::text::jsonb
       where not exists (
         select from pay.audit_log where action = 'tenant.restore' and detail ->> 'restore' = $5)`,
      [record.id, auditName(place.ctx.actor), record.slug, detail, restore.id],
    ),
  );
}

/** It may be held back behind this code's last. */
async function bringTo(input: { url: string; ctx: Operator; version: number }): Promise<void> {
  const { namespace } = input.ctx.address;
  const sql = connect({ url: input.url, max: 1 });
  try {
    await migrate({
      sql,
      migrations: tenantMigrations().slice(0, input.version),
      owner: names.owner(namespace),
      variables: { tenants: names.tenants(namespace) },
    });
    await hardenDatabase(sql, names.owner(namespace));
  } finally {
    await sql.end({ timeout: 2 });
  }
}
