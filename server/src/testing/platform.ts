import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Logger, pino } from "pino";
import { connect } from "../database/connect.ts";
import { type Operator, openOperator } from "../operations/operator.ts";
import { type PlatformAddress, registryAsAdministrator } from "../operations/platform-address.ts";
import { createTenant, type NewTenant } from "../operations/provisioning/create-tenant.ts";
import { preparePlatform } from "../operations/provisioning/prepare-platform.ts";
import { asOwner } from "../operations/servers/tenant-server.ts";
import type { PoolOptions } from "../tenant/tenant-pools.ts";
import type { OpenTenant } from "../tenant/tenants.ts";
import { testServerUrl } from "./postgres.ts";

export interface TestPlatform {
  readonly address: PlatformAddress;
  readonly operator: Operator;
  /** A tenant made as in production, open: `{ tenant, db, settings, keys }`. */
  createTenant(slug: string, options?: Partial<NewTenant>): Promise<OpenTenant>;
  /** As the owner of a tenant's tables, who may rewrite what no role of a server may: time passes, things vanish. */
  rewrite(open: Pick<OpenTenant, "record">, statement: string): Promise<void>;
  /** As the administrator in the registry's database, where the servers' role changes no table. */
  rewriteRegistry(statement: string): Promise<void>;
  /** Drops every database and role it made. */
  close(): Promise<void>;
}

/**
 * A platform of its own: registry, template, no tenants.
 *
 * @param options.adminUrl default: the run's PostgreSQL
 */
export async function testPlatform(
  options: { pool?: PoolOptions; log?: Logger; adminUrl?: string } = {},
): Promise<TestPlatform> {
  const directory = mkdtempSync(join(tmpdir(), "pay-test-platform-"));
  const namespace = `t${randomBytes(5).toString("hex")}`;
  const adminUrl = options.adminUrl ?? (await testServerUrl());
  const masterKeyFile = join(directory, "master.key");
  const address = await preparePlatform({ adminUrl, masterKeyFile, namespace });
  const operator = openOperator({ address, operator: "test", log: pino({ level: "silent" }), ...options });
  return {
    address,
    operator,
    async createTenant(slug, input = {}) {
      const { tenant } = await createTenant({
        ctx: operator,
        input: {
          slug,
          name: `${slug} Ltd`,
          template: "basic-invoice",
          adminEmail: `admin@${slug}.test`,
          ...input,
        },
      });
      return operator.tenants.open(tenant.id);
    },
    async rewrite({ record }, statement) {
      await asOwner({ ctx: operator, record }, (sql) => sql.unsafe(statement));
    },
    async rewriteRegistry(statement) {
      const { url } = registryAsAdministrator(address);
      const sql = connect({ url, max: 1 });
      await sql.unsafe(statement).finally(() => sql.end());
    },
    async close() {
      await operator.close();
      await dropEverything({ adminUrl, namespace });
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function dropEverything({
  adminUrl,
  namespace,
}: {
  adminUrl: string;
  namespace: string;
}): Promise<void> {
  const sql = connect({ url: adminUrl, max: 1 });
  const databases =
    await sql`select datname as name from pg_database where starts_with(datname, ${`${namespace}_`})`;
  for (const { name } of databases) {
    await sql`alter database ${sql(name)} is_template false`;
    await sql`drop database ${sql(name)} with (force)`;
  }
  const roles =
    await sql`select rolname as name from pg_roles where starts_with(rolname, ${`${namespace}_`})`;
  for (const { name } of roles) await sql`drop role ${sql(name)}`;
  await sql.end();
}
