import { createHash } from "node:crypto";
import { quoteIdentifier, quoteLiteral } from "../../database/client.ts";
import { connect, type Sql } from "../../database/connect.ts";
import { type Migration, migrate } from "../../database/migrate.ts";
import { latestSchemaVersion, tenantMigrations } from "../../tenant/schema.ts";
import { names } from "../names.ts";
import { hardenDatabase, hardening } from "./harden-database.ts";
import { ofItsOwn } from "./new-database.ts";

/**
 * The database new tenants are copied from, named after its schema version: old and new code each
 * copy their own. Built under another name and renamed when whole, so a kill leaves nothing half.
 * Nobody can connect to it; the copy needs no connection.
 */
export async function prepareTemplate(input: {
  admin: Sql;
  adminUrl: string;
  namespace: string;
  /** Default this code's last. */
  schemaVersion?: number;
}): Promise<void> {
  const { admin, adminUrl, namespace, schemaVersion = latestSchemaVersion() } = input;
  const migrations = tenantMigrations().slice(0, schemaVersion);
  const template = names.template(namespace, schemaVersion);
  const fingerprint = fingerprintOf(migrations);
  const [found] = await admin<{ fingerprint: string | null }[]>`
    select shobj_description(oid, 'pg_database') as fingerprint from pg_database where datname = ${template}`;
  if (found?.fingerprint === fingerprint) return;

  const unfinished = `${template}_unfinished`;
  await drop(admin, unfinished);
  await admin.unsafe(
    `create database ${quoteIdentifier(unfinished)} owner ${quoteIdentifier(names.owner(namespace))}
     ${await ofItsOwn(admin)}`,
  );
  await admin.unsafe(`revoke all on database ${quoteIdentifier(unfinished)} from public`);
  await migrateTenantDatabase({ adminUrl, database: unfinished, namespace, migrations });
  // Unreleased migrations may change under a template; it holds no rows.
  await drop(admin, template);
  await admin.unsafe(`
    comment on database ${quoteIdentifier(unfinished)} is ${quoteLiteral(fingerprint)};
    alter database ${quoteIdentifier(unfinished)} allow_connections false is_template true;
    alter database ${quoteIdentifier(unfinished)} rename to ${quoteIdentifier(template)}`);
}

/** Who owns what tenants' migrations make, and the roles their text names. */
export const migrationRoles = (namespace: string) => ({
  owner: names.owner(namespace),
  variables: { tenants: names.tenants(namespace) },
});

/** Brings one database to the last of the migrations, as the owner role. */
async function migrateTenantDatabase(input: {
  adminUrl: string;
  database: string;
  namespace: string;
  migrations: readonly Migration[];
}): Promise<void> {
  const url = new URL(input.adminUrl);
  url.pathname = `/${input.database}`;
  const sql = connect({ url: url.href, max: 1 });
  try {
    await migrate({
      sql,
      migrations: input.migrations,
      ...migrationRoles(input.namespace),
    });
    await hardenDatabase(sql, names.owner(input.namespace));
  } finally {
    await sql.end({ timeout: 2 });
  }
}

async function drop(admin: Sql, database: string): Promise<void> {
  const [exists] = await admin`select from pg_database where datname = ${database}`;
  if (!exists) return;
  await admin.unsafe(`alter database ${quoteIdentifier(database)} is_template false`);
  await admin.unsafe(`drop database ${quoteIdentifier(database)} with (force)`);
}

function fingerprintOf(migrations: readonly Migration[]): string {
  const checksums = migrations.map(({ checksum }) => checksum);
  return createHash("sha256")
    .update([...checksums, hardening].join("\n"))
    .digest("hex");
}
