import { setTimeout as delay } from "node:timers/promises";
import { auditName } from "../../actor/actor.ts";
import { createDataKey, openTenantKeys, type SealedSecret } from "../../crypto/tenant-keys.ts";
import { defaultFreshMs } from "../../registry/registry-cache.ts";
import { loadTenant, type TenantRecord } from "../../registry/tenant-record.ts";
import { TenantBehind, TenantUnknown } from "../../tenant/errors.ts";
import { sessionLimits } from "../../tenant/role-defaults.ts";
import type { Operator } from "../operator.ts";
import { operatorSession } from "../operator-session.ts";
import { asOwner } from "../servers/tenant-server.ts";
import { withTenantLock } from "../tenant-lock.ts";
import { backupIdentityPlace } from "./backup-identity.ts";
import { countOld, resealAll } from "./reseal.ts";

/** The migration that made `pay.key_floor`. */
const flooredSince = 7;

/**
 * How long after a new key was staged it begins to seal, ms: servers remember a tenant's record for at most
 * 5 s. One that did not hear of it (the registry was out of its reach) reads the record anew when it meets the key.
 */
const defaultSettleMs = defaultFreshMs + 1_000;

export interface RotatedDataKey {
  readonly slug: string;
  /** Versions; null: see `error`. */
  readonly from: number | null;
  readonly to: number | null;
  /** Ciphertexts of the tenant's database that this run sealed anew. */
  readonly resealed: number;
  /** The old key stays, and running again goes on; null: done. */
  readonly error: string | null;
}

type OnStep = (step: string) => void | Promise<void>;

/**
 * Gives tenants new data keys while they are served, and takes the old ones away once nothing is sealed under
 * them: stage, settle, swap, raise the floor, seal anew, check, drop. Every step can be run again after it was
 * done or half done; killed at any point, the next run goes on with the key that was staged.
 *
 * @param slugs all are staged first, so that they settle together
 * @param onStep is told each step's name before it runs, and `done` at the end
 */
export async function rotateDataKeys({
  ctx,
  input: { slugs, settleMs = defaultSettleMs },
  onStep = () => {},
}: {
  ctx: Operator;
  input: { slugs: readonly string[]; settleMs?: number };
  onStep?: OnStep;
}): Promise<RotatedDataKey[]> {
  const staged = await Promise.all(slugs.map((slug) => attempt(slug, () => stage({ ctx, slug, onStep }))));
  const rotated: RotatedDataKey[] = [];
  for (const start of staged) {
    if ("error" in start) rotated.push(start);
    else rotated.push(await attempt(start.slug, () => finish({ ctx, ...start, settleMs, onStep })));
  }
  return rotated;
}

async function attempt<T>(slug: string, run: () => Promise<T>): Promise<T | RotatedDataKey> {
  return run().catch((error: Error) => ({ slug, from: null, to: null, resealed: 0, error: error.message }));
}

/** A rotation under way, by this call or one before it. */
interface Started {
  slug: string;
  tenantId: string;
  /** The version that will be left; another run may have got there first. */
  to: number;
}

/** The new key beside the old: everybody can open what it will seal, and it seals nothing yet. */
async function stage({
  ctx,
  slug,
  onStep,
}: {
  ctx: Operator;
  slug: string;
  onStep: OnStep;
}): Promise<Started> {
  const record = await ctx.registry.findBySlug(slug);
  if (!record) throw new TenantUnknown(`no tenant ${slug}`);
  if (record.status !== "active" && record.status !== "suspended") {
    throw new TenantUnknown(`${slug} is ${record.status}: its key is not rotated now`);
  }
  if (record.schemaVersion < flooredSince) {
    throw new TenantBehind(`${slug} is at schema ${record.schemaVersion}: run clarity migrate`);
  }
  const { id: tenantId, dataKey, otherDataKey } = record;
  const underWay = { slug, tenantId, to: Math.max(dataKey.version, otherDataKey?.version ?? 0) };
  if (otherDataKey) return underWay;
  await onStep("stage");
  const { masterKey, sql } = ctx.registry;
  // A key staged under another master key would open nowhere, and servers open both.
  await openTenantKeys({ tenantId, dataKey, masterKey });
  const next = await createDataKey({ tenantId, masterKey, version: dataKey.version + 1 });
  // Of two at once one is staged, and both go on with it.
  await sql`
    with staged as (
      update tenants set other_data_key = ${next.wrapped}, other_data_key_version = ${next.version},
        other_data_key_since = clock_timestamp(), updated_at = clock_timestamp()
      where id = ${tenantId} and data_key_version = ${dataKey.version} and other_data_key is null
        and status in ('active', 'suspended')
      returning id
    )
    insert into operator_audit (operator, action, tenant_id, detail)
    select ${auditName(ctx.actor)}, 'data_key.stage', id, jsonb_build_object('version', ${next.version}::int) from staged`;
  return { slug, tenantId, to: next.version };
}

interface Finish extends Started {
  ctx: Operator;
  settleMs: number;
  onStep: OnStep;
}

async function finish({ ctx, slug, tenantId, to, settleMs, onStep }: Finish): Promise<RotatedDataKey> {
  await onStep("settle");
  await settle({ ctx, tenantId, settleMs });
  return withTenantLock({ ctx, tenantId }, async () => {
    let record = await load(ctx, tenantId);
    if (record.dataKey.version < to) {
      await onStep("swap");
      await swap({ ctx, record });
      record = await load(ctx, tenantId);
    }
    const resealed = record.otherDataKey ? await leaveOld({ ctx, record, onStep }) : 0;
    await onStep("done");
    return { slug, from: to - 1, to, resealed, error: null };
  });
}

async function load(ctx: Operator, tenantId: string): Promise<TenantRecord> {
  const record = await loadTenant(ctx.registry.sql, { id: tenantId });
  if (!record) throw new TenantUnknown(`tenant ${tenantId} is gone`);
  return record;
}

/** By the registry's clock, from the staging on: a run that goes on with another's waits only for the rest. */
async function settle(input: { ctx: Operator; tenantId: string; settleMs: number }): Promise<void> {
  const { ctx, tenantId, settleMs } = input;
  const [row] = await ctx.registry.sql<{ age_ms: number | null }[]>`
    select (extract(epoch from clock_timestamp() - other_data_key_since) * 1000)::float8 as age_ms
    from tenants where id = ${tenantId} and other_data_key_version > data_key_version`;
  if (row?.age_ms != null && row.age_ms < settleMs) await delay(settleMs - row.age_ms);
}

/**
 * From here the new key seals, first of all what stands beside it: the database password and what opens the
 * tenant's backups. The old one still opens.
 */
async function swap({ ctx, record }: { ctx: Operator; record: TenantRecord }): Promise<void> {
  const { id: tenantId, dataKey, otherDataKey, database, backupIdentity } = record;
  if (!otherDataKey) throw new Error(`the staged key of ${record.slug} vanished`);
  const { masterKey, sql } = ctx.registry;
  const keys = await openTenantKeys({ tenantId, dataKey: otherDataKey, otherDataKey: dataKey, masterKey });
  const reseal = (name: string, sealed: SealedSecret) => keys.seal(name, keys.open(name, sealed));
  const password = reseal("connection", database.password);
  const identity = backupIdentity && reseal(backupIdentityPlace, backupIdentity);
  const swapped = await sql`
    with swapped as (
      update tenants set data_key = other_data_key, data_key_version = other_data_key_version,
        other_data_key = data_key, other_data_key_version = data_key_version,
        other_data_key_since = clock_timestamp(), updated_at = clock_timestamp(),
        connection_secret = ${password.ciphertext}, connection_key_version = ${password.keyVersion},
        backup_identity = ${identity?.ciphertext ?? null}::bytea,
        backup_identity_key_version = ${identity?.keyVersion ?? null}::int
      where id = ${tenantId} and data_key_version = ${dataKey.version}
        and other_data_key_version = ${otherDataKey.version}
        and connection_secret = ${database.password.ciphertext}
        and backup_identity is not distinct from ${backupIdentity?.ciphertext ?? null}::bytea
      returning id
    )
    insert into operator_audit (operator, action, tenant_id, detail)
    select ${auditName(ctx.actor)}, 'data_key.swap', id, jsonb_build_object('version', ${otherDataKey.version}::int) from swapped
    returning tenant_id`;
  if (swapped.length === 0) throw new Error(`the record of ${record.slug} changed meanwhile: run again`);
}

async function leaveOld(input: { ctx: Operator; record: TenantRecord; onStep: OnStep }): Promise<number> {
  const { ctx, record, onStep } = input;
  const { id: tenantId, dataKey, otherDataKey } = record;
  const { version } = dataKey;
  const sql = await operatorSession({ ctx, record, session: sessionLimits, max: 2 });
  try {
    await onStep("floor");
    await raiseFloor({ ctx, record, version });
    await onStep("reseal");
    const keys = await openTenantKeys({ tenantId, dataKey, otherDataKey, masterKey: ctx.registry.masterKey });
    const resealed = await resealAll({ sql, keys, version });
    const left = await countOld({ sql, version });
    if (left > 0) throw new Error(`${left} secrets of ${record.slug} are still under the old key`);
    await onStep("drop");
    await dropOld({ ctx, tenantId, version });
    return resealed;
  } finally {
    await sql.end({ timeout: 2 });
  }
}

/** Waits for writers under way; from then on what is sealed under an older key is refused. */
async function raiseFloor(input: { ctx: Operator; record: TenantRecord; version: number }): Promise<void> {
  const { ctx, record, version } = input;
  await asOwner(input, async (sql) => {
    await sql.unsafe("select pg_advisory_xact_lock(1801812339)");
    await sql.unsafe(
      `with raised as (
         insert into pay.key_floor (tenant_id, minimum_version) values ($1, $2)
         on conflict (only_row, tenant_id) do update set minimum_version = excluded.minimum_version
           where key_floor.minimum_version < excluded.minimum_version
         returning tenant_id
       )
       insert into pay.audit_log (tenant_id, actor, action, subject)
       select tenant_id, $3, 'data_key.rotate', $4 from raised`,
      [record.id, version, auditName(ctx.actor), String(version)],
    );
  });
}

async function dropOld(input: { ctx: Operator; tenantId: string; version: number }): Promise<void> {
  const { ctx, tenantId, version } = input;
  await ctx.registry.sql`
    with dropped as (
      update tenants set other_data_key = null, other_data_key_version = null, other_data_key_since = null,
        updated_at = clock_timestamp()
      where id = ${tenantId} and data_key_version = ${version} and connection_key_version = ${version}
        and other_data_key_version < ${version}
      returning id
    )
    insert into operator_audit (operator, action, tenant_id, detail)
    select ${auditName(ctx.actor)}, 'data_key.drop', id, jsonb_build_object('version', ${version - 1}::int) from dropped`;
}
