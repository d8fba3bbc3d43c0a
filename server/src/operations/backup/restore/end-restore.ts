import { auditName } from "../../../actor/actor.ts";
import { loadTenant, type TenantRecord } from "../../../registry/tenant-record.ts";
import { TenantUnknown } from "../../../tenant/errors.ts";
import type { Operator } from "../../operator.ts";
import { loadOpenRestore, type RestoreRecord } from "../../records/restore-record.ts";
import { withTenantLock } from "../../tenant-lock.ts";
import type { BackupSettings } from "../settings.ts";
import { RestoreRefused } from "./errors.ts";
import { dropDatabase } from "./load-database.ts";
import { removeCluster } from "./recover-cluster.ts";
import { scratchFolderOf } from "./restore-to-instant.ts";
import { resumeReplaced } from "./switch-database.ts";

type OnStep = (step: string) => void | Promise<void>;

interface Call {
  ctx: Operator;
  input: { slug: string };
  onStep?: OnStep;
}

/**
 * Drops the replaced database: its payments were looked at, there is no way back to it. Killed at any point, it
 * is called again; with nothing to confirm it changes nothing.
 *
 * @returns null: no restore was open
 * @throws TenantUnknown; RestoreRefused when the restore has not switched yet
 */
export async function confirmRestore({
  ctx,
  input: { slug },
  onStep = () => {},
}: Call): Promise<RestoreRecord | null> {
  return withOpenRestore({ ctx, slug }, async (restore, record) => {
    if (!restore.switched) {
      throw new RestoreRefused(
        `the restore of ${slug} was stopped before its switch: run it again, or clarity tenant restore-abort ${slug}`,
      );
    }
    await onStep("drop");
    await dropDatabase({ ctx, server: record.database.server, database: restore.fromDatabase });
    await onStep("record");
    await ctx.registry.sql`
      with restore as (
        update restores set confirmed_at = clock_timestamp() where id = ${restore.id} and confirmed_at is null
        returning id, tenant_id
      )
      insert into operator_audit (operator, action, tenant_id, detail)
      select ${auditName(ctx.actor)}, 'tenant.restore_confirmed', tenant_id, jsonb_build_object('restore', id) from restore`;
    await onStep("done");
  });
}

/**
 * Ends a restore that has not switched: the tenant is served from where it was, the new database goes. Killed at
 * any point, it is called again; with nothing to abort it changes nothing.
 *
 * @returns null: no restore was open
 * @throws TenantUnknown; RestoreRefused when it has switched
 */
export async function abortRestore({
  ctx,
  settings,
  input: { slug },
  onStep = () => {},
}: Call & { settings: BackupSettings }): Promise<RestoreRecord | null> {
  return withOpenRestore({ ctx, slug }, async (restore, record) => {
    if (restore.switched) {
      throw new RestoreRefused(
        `${slug} is served from the restored database since ${restore.switched.at.toISOString()}`,
      );
    }
    await onStep("resume");
    await resumeReplaced({ ctx, restore, record });
    await onStep("drop");
    await dropDatabase({ ctx, server: record.database.server, database: restore.intoDatabase });
    await removeCluster(scratchFolderOf({ settings, restore }));
    await onStep("record");
    await ctx.registry.sql`
      with restore as (delete from restores where id = ${restore.id} and switched_at is null returning id, tenant_id)
      insert into operator_audit (operator, action, tenant_id, detail)
      select ${auditName(ctx.actor)}, 'tenant.restore_aborted', tenant_id, jsonb_build_object('restore', id) from restore`;
    await onStep("done");
  });
}

async function withOpenRestore(
  { ctx, slug }: { ctx: Operator; slug: string },
  run: (restore: RestoreRecord, record: TenantRecord) => Promise<void>,
): Promise<RestoreRecord | null> {
  const { sql } = ctx.registry;
  const known = await loadTenant(sql, { slug });
  if (!known) throw new TenantUnknown(`no tenant ${slug}`);
  return withTenantLock({ ctx, tenantId: known.id }, async () => {
    const record = await loadTenant(sql, { id: known.id });
    const restore = await loadOpenRestore(sql, known.id);
    if (!record || !restore) return null;
    await run(restore, record);
    return restore;
  });
}
