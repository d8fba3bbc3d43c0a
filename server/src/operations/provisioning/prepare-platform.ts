import { randomBytes } from "node:crypto";
import { fileURLToPath } from "node:url";
import { openMasterKey } from "../../crypto/open-master-key.ts";
import { quoteIdentifier, quoteLiteral } from "../../database/client.ts";
import { connect, type Sql } from "../../database/connect.ts";
import { migrate, readMigrations } from "../../database/migrate.ts";
import { scramVerifier } from "../../database/scram.ts";
import { pinnable, pinned } from "../../database/session.ts";
import { ensureMasterKey, refuseOrphans } from "../keys/make-master-key.ts";
import { names, namespacePattern } from "../names.ts";
import { type PlatformAddress, registryAsAdministrator } from "../platform-address.ts";
import { ofItsOwn } from "../servers/new-database.ts";
import { ensureRole, exclusively, prepareTenancy, refuseUnfit } from "../servers/prepare-server.ts";
import { grantServers, ownRegistry } from "./own-registry.ts";

/**
 * Makes what is missing and migrates what is behind: group roles, the registry's role and database,
 * the template database. Repeatable; two at once wait for each other. Tenants' databases are `migrateTenants`'
 * business. A first preparation makes the master key too; where the registry knows tenants it must be there, and where
 * there are tenants the registry must be.
 *
 * @param registryUrl of an earlier preparation whose password stays in use elsewhere; without it
 * the registry's role gets a new password
 * @param namespace default `pay`
 * @throws MasterKeyMissing, MasterKeyWrong; Error when the registry is gone
 */
export async function preparePlatform(input: {
  adminUrl: string;
  masterKeyFile: string;
  masterKey?: string | undefined;
  registryUrl?: string;
  namespace?: string;
}): Promise<PlatformAddress> {
  const { adminUrl, masterKeyFile, masterKey, namespace = "pay" } = input;
  if (!namespacePattern.test(namespace)) throw new Error(`namespace ${namespace} is not ${namespacePattern}`);
  openMasterKey({ masterKeyFile, masterKey });
  const admin = connect({ url: adminUrl, max: 2 });
  try {
    await refuseUnfit({ admin, namespace, needed: ["making"] });
    const registryUrl = await exclusively(admin, async () => {
      const url = await prepareRegistry({ ...input, admin, namespace });
      await prepareTenancy({ admin, adminUrl, namespace });
      return url;
    });
    return { adminUrl, registryUrl, masterKeyFile, ...(masterKey && { masterKey }), namespace };
  } finally {
    await admin.end({ timeout: 2 });
  }
}

async function prepareRegistry(input: {
  admin: Sql;
  adminUrl: string;
  namespace: string;
  registryUrl?: string;
  masterKeyFile: string;
  masterKey?: string | undefined;
}): Promise<string> {
  const { admin, namespace } = input;
  const name = names.registry(namespace);
  const url = new URL(input.registryUrl ?? input.adminUrl);
  if (input.registryUrl && url.pathname !== `/${name}`) {
    throw new Error(
      `the registry's URL leads to the database ${url.pathname.slice(1)}, and namespace ${namespace} has its registry ` +
        `in ${name}: one of CLARITY_REGISTRY_URL and CLARITY_NAMESPACE is another platform's`,
    );
  }
  const [exists] = await admin`select from pg_database where datname = ${name}`;
  if (!exists) await refuseOrphans({ admin, namespace });
  const owner = names.owner(namespace);
  await ensureRole(admin, owner, "nologin");
  if (!input.registryUrl) {
    url.username = name;
    url.password = randomBytes(24).toString("base64url");
    url.pathname = `/${name}`;
    await ensureRole(admin, name, `login password ${quoteLiteral(scramVerifier(url.password))}`);
  }
  if (!exists) {
    await admin.unsafe(
      `create database ${quoteIdentifier(name)} owner ${quoteIdentifier(owner)} ${await ofItsOwn(admin)}`,
    );
  }
  await admin.unsafe(`revoke all on database ${quoteIdentifier(name)} from public`);
  await prepareTables({ adminUrl: input.adminUrl, registryUrl: url.href, owner });
  const registry = connect({ url: url.href, max: 1 });
  try {
    await registry.unsafe(
      pinned({ role: "current_user", database: quoteIdentifier(name), settings: pinnable }),
    );
    await ensureMasterKey({ sql: registry, place: input });
  } finally {
    await registry.end({ timeout: 2 });
  }
  return url.href;
}

/** As the administrator: nothing there belongs to servers. */
async function prepareTables(input: { adminUrl: string; registryUrl: string; owner: string }): Promise<void> {
  const { owner } = input;
  const { url, role } = registryAsAdministrator(input);
  const database = decodeURIComponent(new URL(url).pathname.slice(1));
  const sql = connect({ url, max: 1 });
  try {
    await ownRegistry({ admin: sql, database, owner, role });
    await migrate({ sql, migrations: registryMigrations(), owner });
    await grantServers({ admin: sql, role });
  } finally {
    await sql.end({ timeout: 2 });
  }
}

export const registryMigrations = () =>
  readMigrations(fileURLToPath(new URL("../../registry/migrations", import.meta.url)));
