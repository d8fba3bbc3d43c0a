import { loadTenant, type TenantRecord } from "../../../registry/tenant-record.ts";
import { TenantUnknown } from "../../../tenant/errors.ts";
import type { Operator } from "../../operator.ts";
import { loadRestore, type RestoreRecord } from "../../records/restore-record.ts";
import { withTenantLock } from "../../tenant-lock.ts";
import { adaptDatabase } from "./adapt-database.ts";
import { whileNobodyMigrates } from "./hold-migrations.ts";
import { type RestoreTarget, requestRestore } from "./request-restore.ts";
import {
  closeReplaced,
  compare,
  currentVersion,
  pause,
  reopenReplaced,
  replacedBy,
  resumeReplaced,
  type Switching,
  switchOver,
} from "./switch-database.ts";

export type OnStep = (step: string) => void | Promise<void>;

/**
 * The order of every restore. A new database beside the tenant's is filled and made fit while the tenant is
 * served; only then comes a pause, in which the two are compared and the registry's entry is changed by one
 * statement. Each step can be run again after it was done, or half done.
 *
 * @param load fills `restore.intoDatabase` and verifies it
 */
export async function bringBack(input: {
  ctx: Operator;
  slug: string;
  target: RestoreTarget;
  load: (found: { record: TenantRecord; restore: RestoreRecord }) => Promise<unknown>;
  onStep: OnStep;
}): Promise<RestoreRecord> {
  const { ctx, slug, target, load, onStep } = input;
  const { sql } = ctx.registry;
  const known = await loadTenant(sql, { slug });
  if (!known || known.status === "creating") throw new TenantUnknown(`no tenant ${slug}`);
  return withTenantLock({ ctx, tenantId: known.id }, async () => {
    await onStep("request");
    // Behind the lock: whoever held it may have changed it.
    const record = await loadTenant(sql, { id: known.id });
    if (!record) throw new TenantUnknown(`no tenant ${slug}`);
    const restore = await requestRestore({ ctx, record, target });
    if (!restore.switched) {
      if (!restore.verifiedAt) {
        await load({ record, restore });
        await sql`update restores set verified_at = clock_timestamp() where id = ${restore.id}`;
      }
      await finish({ ctx, restore, record, onStep });
    }
    await onStep("done");
    return loadRestore(sql, restore.id);
  });
}

async function finish(input: Switching & { onStep: OnStep }): Promise<void> {
  const { onStep, ...switching } = input;
  await reopenReplaced(switching);
  await whileNobodyMigrates(replacedBy(switching), async () => {
    await onStep("adapt");
    const version = await currentVersion(switching);
    await adaptDatabase({ ...switching, version });
    const report = await orServedAsBefore(switching, async () => {
      await onStep("pause");
      await pause(switching);
      await onStep("compare");
      const found = await compare(switching);
      await onStep("close");
      await closeReplaced(switching);
      return found;
    });
    await onStep("switch");
    // Not taken back when this fails: the answer may be lost of a switch that was made.
    await switchOver({ ...switching, report, version });
  });
}

/** A pause that led nowhere ends; the next run of the same command begins another. */
async function orServedAsBefore<T>(switching: Switching, steps: () => Promise<T>): Promise<T> {
  try {
    return await steps();
  } catch (error) {
    await resumeReplaced(switching).catch((cause) => {
      const { slug } = switching.record;
      throw new Error(`${(error as Error).message}; ${slug} is not served until this is run again`, {
        cause,
      });
    });
    throw error;
  }
}
