import { randomBytes } from "node:crypto";
import { openTenantKeys } from "../../crypto/tenant-keys.ts";
import { quoteIdentifier, quoteLiteral } from "../../database/client.ts";
import { connect } from "../../database/connect.ts";
import { scramVerifier } from "../../database/scram.ts";
import { loadTenant, type TenantRecord } from "../../registry/tenant-record.ts";
import { TenantUnknown } from "../../tenant/errors.ts";
import { names } from "../names.ts";
import type { Operator } from "../operator.ts";
import { withTenantLock } from "../tenant-lock.ts";
import { liftedOf } from "../watchdog/role-bounds.ts";
import { administratorUrl } from "./database-servers.ts";
import { hardenDatabase } from "./harden-database.ts";
import { readSettings } from "./inspect-role.ts";
import { roleLimits } from "./role-limits.ts";
import { asAdministrator } from "./tenant-server.ts";

export interface RepairedRole {
  readonly slug: string;
  /** Settings that it had given itself. */
  readonly lifted: readonly string[];
  readonly newPassword: boolean;
  /** Sessions that were ended. */
  readonly ended: number;
}

/**
 * What a tenant's role may do to itself is undone: its password is the registry's again, or a new one, its bounds are its
 * tier's, and whatever it has open ends. Servers connect again by themselves. Killed at any point, it is called again.
 *
 * @param input.newPassword who has the present one shall not get in again. Default false
 * @throws TenantUnknown
 */
export async function repairRole({
  ctx,
  input: { slug, newPassword = false },
}: {
  ctx: Operator;
  input: { slug: string; newPassword?: boolean };
}): Promise<RepairedRole> {
  const found = await ctx.registry.findBySlug(slug);
  if (!found || found.status === "creating") throw new TenantUnknown(`no tenant ${slug}`);
  return withTenantLock({ ctx, tenantId: found.id }, async () => {
    if (newPassword) await renewPassword(ctx, found.id);
    const record = await loadTenant(ctx.registry.sql, { id: found.id });
    if (!record) throw new TenantUnknown(`no tenant ${slug}`);
    const { lifted, ended } = await resetRole({ ctx, record });
    const { server, name: database } = record.database;
    const sql = connect({ url: await administratorUrl({ ctx, server, database }), max: 1 });
    try {
      await hardenDatabase(sql, names.owner(ctx.address.namespace));
    } finally {
      await sql.end({ timeout: 2 });
    }
    await ctx.registry.audit({
      actor: ctx.actor,
      action: "tenant.repair_role",
      tenantId: record.id,
      detail: { lifted: lifted.join(", "), newPassword, ended },
    });
    return { slug, lifted, newPassword, ended };
  });
}

/** The registry first: who is killed before the role has it runs this again. */
async function renewPassword(ctx: Operator, tenantId: string): Promise<void> {
  const { sql, masterKey } = ctx.registry;
  const record = await loadTenant(sql, { id: tenantId });
  if (!record) throw new TenantUnknown(`no tenant ${tenantId}`);
  const { dataKey, otherDataKey, database } = record;
  const keys = await openTenantKeys({ tenantId, dataKey, otherDataKey, masterKey });
  const password = keys.seal("connection", randomBytes(24).toString("base64url"));
  const changed = await sql`
    update tenants set connection_secret = ${password.ciphertext}, connection_key_version = ${password.keyVersion},
      updated_at = clock_timestamp()
    where id = ${tenantId} and connection_secret = ${database.password.ciphertext}
      and data_key_version = ${password.keyVersion}
    returning id`;
  if (changed.length === 0) throw new Error(`the record of ${record.slug} changed meanwhile: run again`);
}

async function resetRole(input: {
  ctx: Operator;
  record: TenantRecord;
}): Promise<{ lifted: string[]; ended: number }> {
  const { ctx, record } = input;
  const { id: tenantId, dataKey, otherDataKey, database } = record;
  const { masterKey } = ctx.registry;
  const keys = await openTenantKeys({ tenantId, dataKey, otherDataKey, masterKey });
  const role = quoteIdentifier(database.role);
  const verifier = scramVerifier(keys.open("connection", database.password));
  return asAdministrator(input, async (sql) => {
    const settings = await readSettings(sql, database.role);
    const databases = new Set(settings.flatMap(({ database: name }) => name ?? []));
    await sql.unsafe(
      [
        `alter role ${role} password ${quoteLiteral(verifier)}`,
        `alter role ${role} reset all`,
        ...[...databases].map((name) => `alter role ${role} in database ${quoteIdentifier(name)} reset all`),
        ...roleLimits(record),
      ].join(";"),
    );
    const ended = await sql`
      select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = ${database.role}`;
    return { lifted: liftedOf(settings), ended: ended.length };
  });
}
