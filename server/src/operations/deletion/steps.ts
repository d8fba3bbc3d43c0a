import { createHash } from "node:crypto";
import { auditName } from "../../actor/actor.ts";
import { errorCode, isUnreachable, quoteIdentifier } from "../../database/client.ts";
import type { Sql } from "../../database/connect.ts";
import type { TenantRecord } from "../../registry/tenant-record.ts";
import { unfinishedWork } from "../../tenant/unfinished-work.ts";
import { openSigningKey } from "../keys/signing-keys.ts";
import { names } from "../names.ts";
import type { Operator } from "../operator.ts";
import { type DeletionRecord, loadDeletion } from "../records/deletion-record.ts";
import { asAdministrator, asOwner, setLogin } from "../servers/tenant-server.ts";
import { certificateClaims } from "./certificate.ts";
import { WorkUnfinished } from "./errors.ts";
import { isAny } from "./request-deletion.ts";

export interface Step {
  ctx: Operator;
  deletion: DeletionRecord;
  /** null: the registry has forgotten it already. */
  record: TenantRecord | null;
}

/** A request that was under way when the tenant was marked can write no more: what is counted next is final. */
export async function closeDatabase({ ctx, deletion, record }: Step): Promise<void> {
  if (record && !deletion.stock) await setLogin({ ctx, record, open: false });
}

/**
 * The last look, and the point of no return: what there is, written down before it goes.
 *
 * @throws WorkUnfinished with the database open again
 */
export async function takeStock({ ctx, deletion, record }: Step): Promise<void> {
  if (!record || deletion.stock) return;
  const { rowCounts, unfinished } = await count({ ctx, record }).catch((error) => {
    // invalid_catalog_name: somebody dropped the database by hand. A reason is needed to go on uncounted.
    if (errorCode(error) === "3D000" && deletion.forceReason !== null) return uncounted;
    throw error;
  });
  if (isAny(unfinished) && deletion.forceReason === null) {
    await setLogin({ ctx, record, open: true });
    throw new WorkUnfinished(deletion.slug, unfinished);
  }
  const { sql } = ctx.registry;
  await sql`
    with begun as (
      update deletions set destroying_at = clock_timestamp(), destroyed_by = ${auditName(ctx.actor)},
        row_counts = ${sql.json(rowCounts)}, unfinished = ${sql.json({ ...unfinished })},
        key_fingerprint = ${fingerprintOf(record)}
      where tenant_id = ${record.id} and destroying_at is null
      returning tenant_id, slug, force_reason
    )
    insert into operator_audit (operator, action, tenant_id, detail)
    select ${auditName(ctx.actor)}, 'tenant.destroy', tenant_id, jsonb_build_object('slug', slug, 'forceReason', force_reason) from begun`;
}

export const fingerprintOf = ({ dataKey }: TenantRecord): string =>
  createHash("sha256").update(dataKey.wrapped).digest("hex");

export const uncounted = { rowCounts: {}, unfinished: { payments: 0, deliveries: 0 } };

export async function count(input: { ctx: Operator; record: TenantRecord }) {
  return asOwner(input, async (sql) => {
    const tables = await sql.unsafe<{ name: string }[]>(
      `select tablename as name from pg_tables where schemaname = 'pay' order by tablename collate "C"`,
    );
    const rowCounts: Record<string, number> = {};
    for (const { name } of tables) {
      const [row] = await sql.unsafe<{ n: string }[]>(
        `select count(*)::text as n from pay.${quoteIdentifier(name)}`,
      );
      rowCounts[name] = Number(row?.n);
    }
    return { rowCounts, unfinished: await unfinishedWork(sql) };
  });
}

/**
 * With those beside it that restores, checks, drills and rehearsals have made or left: all begin with the tenant's
 * own name. They are looked for last: PostgreSQL drops no database that a killed command's server process still copies.
 */
export async function dropDatabase({ ctx, deletion, record }: Step): Promise<void> {
  if (!record) return;
  const own = names.tenant(ctx.address.namespace, record.id);
  await whereReached({ ctx, deletion, record }, async (sql) => {
    const drop = (name: string) =>
      sql.unsafe(`drop database if exists ${quoteIdentifier(name)} with (force)`);
    for (const name of new Set([record.database.name, own])) await drop(name);
    const beside = await sql<{ name: string }[]>`
      select datname as name from pg_database where starts_with(datname, ${`${own}_`})`;
    for (const { name } of beside) await drop(name);
  });
}

export async function dropRole({ ctx, deletion, record }: Step): Promise<void> {
  if (!record) return;
  const role = quoteIdentifier(record.database.role);
  await whereReached({ ctx, deletion, record }, (sql) => sql.unsafe(`drop role if exists ${role}`));
}

/** Where nobody could count, the reason that was given for it covers a server that is never coming back, too. */
async function whereReached(
  { ctx, deletion, record }: Step & { record: TenantRecord },
  run: (sql: Sql) => Promise<unknown>,
): Promise<void> {
  const lost = deletion.forceReason !== null && Object.keys(deletion.stock?.rowCounts ?? {}).length === 0;
  await asAdministrator({ ctx, record }, run).catch((error) => {
    if (!lost || !isUnreachable(error)) throw error;
  });
}

/** The registry's row with the wrapped data key, and with it hosts and steps. Copies of the database are noise now. */
export async function destroyKey({ ctx, deletion }: Step): Promise<void> {
  await ctx.registry.sql`
    with tenant as (delete from tenants where id = ${deletion.tenantId} and status = 'deleting')
    update deletions set destroyed_at = clock_timestamp()
    where tenant_id = ${deletion.tenantId} and destroyed_at is null`;
}

export async function certify({ ctx, deletion }: Step): Promise<void> {
  // The row as the steps before have left it.
  const destroyed = await loadDeletion(ctx.registry.sql, deletion.tenantId);
  if (!destroyed || destroyed.certificate !== null) return;
  const key = await openSigningKey(ctx);
  const certificate = await key.sign({ ...certificateClaims(destroyed) });
  await ctx.registry.sql`
    update deletions set certificate = ${certificate}
    where tenant_id = ${deletion.tenantId} and certificate is null`;
}
